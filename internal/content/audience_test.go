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
	for name, c := range map[string]struct {
		audience *Audience
		want     string
	}{
		"the public":                   {nil, "*"},
		"a licence without origins":    {NewAudience("planet", Licence{}), "*"},
		"a licence for no page":        {NewAudience("planet", Licence{FrameOrigins: []string{NoOrigin}}), ""},
		"a licence for another origin": {audience, ""},
	} {
		if got := c.audience.SharedWith("https://anybody.example"); got != c.want {
			t.Errorf("%s is shared with %q, not with %q", name, got, c.want)
		}
	}
	if got := audience.SharedWith("https://www.bugle.example"); got != "https://www.bugle.example" {
		t.Errorf("shared with %q", got)
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
