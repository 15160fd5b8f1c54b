package widget

import "net/http"

// campaign shows how many have joined a campaign.
func (d *door) campaign(w http.ResponseWriter, r *http.Request) {
	o, err := parseOptions(r.URL.RawQuery, layoutCard)
	if err != nil {
		d.fail(w, r, usualOptions(layoutCard), err)
		return
	}
	found, err := d.Content.Campaign(r.Context(), r.PathValue("slug"))
	if err != nil {
		d.fail(w, r, o, err)
		return
	}
	if found == nil {
		d.missing(w, r, o)
		return
	}
	site, err := d.Content.Site(r.Context())
	if err != nil {
		d.fail(w, r, o, err)
		return
	}
	f := d.frame(o, site)
	f.Title, f.Of = found.Title+" · "+site.Name, found
	d.show(w, r, "campaign", http.StatusOK, f)
}
