// Package partner knows who else may read the newsroom's content: partner sites, their keys, licences and quotas, and what
// they use.
package partner

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"strings"
	"time"
)

// Key is a partner's credential as the database has it. It is written bsk_ID_SECRET; the secret is known to the partner
// alone.
type Key struct {
	ID         string     `db:"id" json:"id"`
	PartnerID  int64      `db:"partner_id" json:"-"`
	Partner    string     `db:"partner" json:"partner"` // its slug
	Hash       []byte     `db:"hash" json:"-"`          // SHA-256 of the secret
	CreatedAt  time.Time  `db:"created_at" json:"createdAt"`
	ExpiresAt  *time.Time `db:"expires_at" json:"expiresAt"`
	RevokedAt  *time.Time `db:"revoked_at" json:"revokedAt"`
	LastUsedAt *time.Time `db:"last_used_at" json:"lastUsedAt"`
}

const (
	keyPrefix   = "bsk_"
	tokenPrefix = "bst_"

	idLength     = 12
	secretLength = 43 // of 256 bits in base 62
)

// Prefix is the visible part of the key.
func (k *Key) Prefix() string { return keyPrefix + k.ID }

// The states of a key.
const (
	active  = "active"
	expired = "expired"
	revoked = "revoked"
)

// State is active, expired or revoked.
func (k *Key) State(now time.Time) string {
	switch {
	case k.RevokedAt != nil:
		return revoked
	case k.ExpiresAt != nil && !now.Before(*k.ExpiresAt):
		return expired
	default:
		return active
	}
}

// Token may stand in the address of a feed or of an embed, where the key itself must not. It ends with its key.
func (k *Key) Token() string { return tokenPrefix + k.ID + "_" + tokenSecret(k.Hash) }

func tokenSecret(hash []byte) string {
	mac := hmac.New(sha256.New, hash)
	mac.Write([]byte("feeds and embeds"))
	return base62(mac.Sum(nil), secretLength)
}

// newKey returns a key, and what the partner is given.
func newKey() (key Key, text string) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	secret := base62(random, secretLength)
	_, _ = rand.Read(random)
	id := base62(random, secretLength)[secretLength-idLength:]
	return Key{ID: id, Hash: digest(secret)}, keyPrefix + id + "_" + secret
}

func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func base62(number []byte, length int) string {
	digits := new(big.Int).SetBytes(number).Text(62)
	return strings.Repeat("0", max(0, length-len(digits))) + digits
}

// credential is what a request shows.
type credential struct {
	id, secret string
	token      bool // from the address, for feeds and embeds only
}

// parseCredential reads a key or a token.
func parseCredential(text string) (credential, bool) {
	rest, isKey := strings.CutPrefix(text, keyPrefix)
	if !isKey {
		var isToken bool
		if rest, isToken = strings.CutPrefix(text, tokenPrefix); !isToken {
			return credential{}, false
		}
	}
	id, secret, _ := strings.Cut(rest, "_")
	if len(id) != idLength || len(secret) != secretLength || !isBase62(id) || !isBase62(secret) {
		return credential{}, false
	}
	return credential{id: id, secret: secret, token: !isKey}, true
}

func isBase62(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
