package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/database"
	"broadsheet/internal/partner"
)

type keyCommand struct {
	Add     keyAdd     `cmd:"" help:"Give a partner site a key. The first key brings the partner into being, with the licence that the flags say; without any it may read all that the public may, at once."`
	List    keyList    `cmd:"" help:"List the keys. Of each only the beginning is known."`
	Licence keyLicence `cmd:"" help:"Show or change what a partner may read and embed, and how often it may ask. The partner «public» is everybody without a key, at feeds and embeds."`
	Rotate  keyRotate  `cmd:"" help:"Give the partner a new key in place of one, which goes on working for a while."`
	Revoke  keyRevoke  `cmd:"" help:"End a key, and the token that belongs to it, at once."`
	Token   keyToken   `cmd:"" help:"Print the token of a key, for addresses of feeds and embeds (?token=…) where no header can be sent. It ends with its key."`
	Usage   keyUsage   `cmd:"" help:"Show what partners have used, by door and day."`
}

// desk is what the commands about partners have in common.
type desk struct{ settings }

func (d *desk) with(ctx context.Context, call func(partner.Book) error) error {
	return d.settings.with(ctx, func(db *connection) error {
		if err := database.CheckMigrated(ctx, db.DB); err != nil {
			return err
		}
		return call(partner.Book{DB: db.DB})
	})
}

type keyAdd struct {
	desk
	terms
	Partner string `arg:"" help:"Short name of the partner, such as daily-planet."`
	Expires span   `help:"After what time the key ends, such as 90d or 12h. Default: never." placeholder:"TIME"`
}

// Run prints the key, and nothing else, to stdout.
func (c *keyAdd) Run(ctx context.Context) error {
	return c.with(ctx, func(book partner.Book) error {
		p, err := book.Find(ctx, c.Partner)
		if err != nil {
			return err
		}
		switch {
		case c.Partner == partner.PublicSlug:
			return errors.New("the partner «public» has no key: it is everybody without one; see broadsheet key licence public")
		case p != nil && c.given():
			return fmt.Errorf("%[1]s has a licence already; change it with broadsheet key licence %[1]s", c.Partner)
		case p == nil:
			p = partner.Fresh(c.Partner)
			if err := c.apply(ctx, book, p); err != nil {
				return err
			}
		}
		key, text, err := book.AddKey(ctx, p, c.Expires.from(time.Now()))
		if err == nil {
			hand(&key, text)
		}
		return err
	})
}

// hand gives the key to whoever runs the command, and what is to be known of it to their eyes.
func hand(key *partner.Key, text string) {
	fmt.Fprintf(os.Stderr, "The key of %s, which nobody can show again:\n", key.Partner)
	fmt.Println(text)
	fmt.Fprintf(os.Stderr, "It is sent as «Authorization: Bearer …» or «X-API-Key: …», and expires %s.\n", written(key.ExpiresAt, "never"))
}

type keyList struct {
	desk
	Partner string `arg:"" optional:"" help:"Of this partner alone."`
	JSON    bool   `help:"Write JSON."`
}

// Run prints a line for each key.
func (c *keyList) Run(ctx context.Context) error {
	return c.with(ctx, func(book partner.Book) error {
		keys, err := book.Keys(ctx, c.Partner)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(keys)
		}
		list := newTable("PARTNER", "KEY", "STATE", "CREATED", "EXPIRES", "LAST USED")
		for i := range keys {
			k := &keys[i]
			list.row(k.Partner, k.Prefix(), k.State(time.Now()), written(&k.CreatedAt, ""), written(k.ExpiresAt, "never"), written(k.LastUsedAt, "never"))
		}
		return list.print()
	})
}

type keyRotate struct {
	desk
	Key     string `arg:"" help:"Beginning of the key, such as bsk_4sTf0Qx9LmZa."`
	Grace   span   `help:"How long the old key goes on working." default:"7d" placeholder:"TIME"`
	Expires span   `help:"After what time the new key ends. Default: never." placeholder:"TIME"`
}

// Run prints the new key, and nothing else, to stdout.
func (c *keyRotate) Run(ctx context.Context) error {
	return c.with(ctx, func(book partner.Book) error {
		old, err := book.Key(ctx, c.Key)
		if err != nil {
			return err
		}
		if state := old.State(time.Now()); state != "active" {
			return fmt.Errorf("%s is %s; broadsheet key add %s gives a new one", old.Prefix(), state, old.Partner)
		}
		key, text, err := book.AddKey(ctx, &partner.Partner{ID: old.PartnerID, Slug: old.Partner}, c.Expires.from(time.Now()))
		if err != nil {
			return err
		}
		hand(&key, text)
		if err = book.Expire(ctx, old, time.Now().Add(time.Duration(c.Grace))); err == nil {
			fmt.Fprintf(os.Stderr, "%s works until %s.\n", old.Prefix(), written(old.ExpiresAt, ""))
		}
		return err
	})
}

type keyRevoke struct {
	desk
	Keys []string `arg:"" name:"key" help:"Beginnings of keys, such as bsk_4sTf0Qx9LmZa."`
}

// Run revokes all or none that is not there.
func (c *keyRevoke) Run(ctx context.Context) error {
	return c.with(ctx, func(book partner.Book) error {
		keys := make([]*partner.Key, len(c.Keys))
		for i, text := range c.Keys {
			var err error
			if keys[i], err = book.Key(ctx, text); err != nil {
				return err
			}
		}
		for _, key := range keys {
			if err := book.Revoke(ctx, key); err != nil {
				return err
			}
			fmt.Println("revoked", key.Prefix(), "of", key.Partner)
		}
		return nil
	})
}

type keyToken struct {
	desk
	Key string `arg:"" help:"Beginning of the key, such as bsk_4sTf0Qx9LmZa."`
}

// Run prints the token.
func (c *keyToken) Run(ctx context.Context) error {
	return c.with(ctx, func(book partner.Book) error {
		key, err := book.Key(ctx, c.Key)
		if err != nil {
			return err
		}
		if state := key.State(time.Now()); state != "active" {
			return fmt.Errorf("%s is %s, and its token with it", key.Prefix(), state)
		}
		fmt.Println(key.Token())
		return nil
	})
}

type keyUsage struct {
	desk
	Partner string `arg:"" optional:"" help:"Of this partner alone."`
	Days    int    `help:"How many days back, today among them; days are those of UTC." default:"30"`
	JSON    bool   `help:"Write JSON."`
}

// Run prints a line for each partner, day and door.
func (c *keyUsage) Run(ctx context.Context) error {
	return c.with(ctx, func(book partner.Book) error {
		rows, err := book.Usage(ctx, c.Partner, time.Now().AddDate(0, 0, 1-max(1, c.Days)))
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(rows)
		}
		list := newTable("PARTNER", "DAY", "DOOR", "REQUESTS", "304", "REFUSED", "BYTES")
		for _, u := range rows {
			list.row(u.Partner, u.Day.Format(time.DateOnly), u.Door, strconv.FormatInt(u.Requests, 10), strconv.FormatInt(u.NotModified, 10),
				strconv.FormatInt(u.Refused, 10), strconv.FormatInt(u.Bytes, 10))
		}
		return list.print()
	})
}

// span is a time that may be written in days.
type span time.Duration

// UnmarshalText reads what time.ParseDuration does, and days such as 90d.
func (s *span) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		number, err := strconv.Atoi(days)
		if err != nil || number < 0 || number > 36_500 {
			return fmt.Errorf("%q is no time; write it like 90d or 12h", text)
		}
		*s = span(time.Duration(number) * 24 * time.Hour)
		return nil
	}
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is no time; write it like 90d or 12h", text)
	}
	*s = span(parsed)
	return nil
}

// from is the moment after the span; nil if there is none.
func (s span) from(now time.Time) *time.Time {
	if s == 0 {
		return nil
	}
	return new(now.Add(time.Duration(s)))
}

func written(at *time.Time, otherwise string) string {
	if at == nil {
		return otherwise
	}
	return at.UTC().Format("2006-01-02 15:04Z")
}
