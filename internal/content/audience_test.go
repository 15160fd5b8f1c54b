package content

import "testing"

func TestOriginsThatMayEmbed(t *testing.T) {
	t.Parallel()
	audience := NewAudience("planet", Licence{FrameOrigins: []string{"https://planet.example", "https://*.bugle.example"}})
	for origin, may := range map[string]bool{
		"https://planet.example": true, "https://www.planet.example": false, "http://planet.example": false, "https://planet.example.evil.example": false,
		"https://www.bugle.example": true, "https://a.b.bugle.example": true, "https://bugle.example": false, "https://evilbugle.example": false, "null": false, "": false,
	} {
		if audience.AllowsOrigin(origin) != may {
			t.Errorf("%s: %t", origin, !may)
		}
	}
	if public := (*Audience)(nil); !public.AllowsOrigin("https://anybody.example") {
		t.Error("the public may embed anywhere")
	}
}

func TestEqualLicencesShareAnswers(t *testing.T) {
	t.Parallel()
	one, other := NewAudience("planet", Licence{TagsIn: []int64{1}}), NewAudience("bugle", Licence{TagsIn: []int64{1}})
	if one.CacheKey() != other.CacheKey() || one.CacheKey() == "" {
		t.Errorf("%q and %q", one.CacheKey(), other.CacheKey())
	}
	if another := NewAudience("planet", Licence{TagsOut: []int64{1}}); another.CacheKey() == one.CacheKey() {
		t.Error("licences that differ have the same key")
	}
	if public := (*Audience)(nil); public.CacheKey() != "" {
		t.Errorf("the public: %q", public.CacheKey())
	}
}
