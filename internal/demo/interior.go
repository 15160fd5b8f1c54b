package demo

// room is a table by a window with the sea behind it.
func (c *canvas) room() {
	c.rect(0, 0, pictureWidth, pictureHeight, c.depth(.55))
	x := c.between(180, 520)
	c.rect(x-18, 62, 536, 376, c.depth(.05))
	c.add(`<svg x="%.0f" y="80" width="500" height="340" viewBox="150 60 900 612">`, x)
	sun := c.sky()
	c.ridge(400, 50, .9)
	c.water(430, sun)
	c.sailboat(c.between(400, 800), 500, 1.2)
	c.add(`</svg>`)
	c.rect(x+242, 80, 14, 340, c.depth(.05))
	c.rect(0, 520, pictureWidth, 155, c.depth(.2))
	c.rect(0, 512, pictureWidth, 16, c.depth(0))
	lamp := c.between(60, 140)
	if x < 350 {
		lamp = c.between(960, 1060)
	}
	c.lampOnTable(lamp)
	c.cup(c.between(420, 760))
	c.books(c.between(220, 380))
}

func (c *canvas) lampOnTable(x float64) {
	c.add(`<g opacity=".35">`)
	c.circle(x, 360, 120, c.light(.82))
	c.add(`</g>`)
	c.line(c.depth(0), 8, "M%.0f 512V380M%.0f 512h70", x, x-35)
	c.shape(c.light(.8), "M%.0f 400l30 -90h60l30 90z", x-60)
}

func (c *canvas) cup(x float64) {
	c.shape(c.shade(.95), "M%.0f 452h76l-8 60h-60z", x)
	c.line(c.shade(.95), 8, "M%.0f 466q30 4 18 22q-8 10 -22 8", x+72)
	c.add(`<g opacity=".5">`)
	c.line("#fff", 4, "M%.0f 436q-12 -20 4 -38t0 -34M%.0f 436q-12 -20 4 -38t0 -34", x+26, x+50)
	c.add(`</g>`)
}

func (c *canvas) books(x float64) {
	for i := range 3 {
		w := c.between(110, 160)
		fill := c.depth(c.between(0, .9))
		if i == 1 {
			fill = c.light(.6)
		}
		c.rect(x+c.between(-10, 10), 488-float64(i)*26, w, 24, fill)
	}
}

// chart is a sea chart: land, depth lines and a course.
func (c *canvas) chart() {
	c.rect(0, 0, pictureWidth, pictureHeight, c.shade(c.horizon))
	c.add(`<g opacity=".35">`)
	for i := range 11 {
		c.line(c.depth(.5), 1, "M%d 0V675M0 %dH1200", (i+1)*100, (i+1)*60)
	}
	c.add(`</g>`)
	a, b, d := c.between(180, 330), c.between(120, 260), c.between(260, 420)
	for i, grow := range []float64{90, 45, 0} {
		c.shape(c.shade(c.horizon-.06*float64(i+1)), "M0 0H%.0fQ%.0f %.0f %.0f %.0fT%.0f 675H0z", a+grow*2, a+b+grow, 90+grow, a+grow, d+grow, b+grow)
	}
	for range 3 {
		x, y, r := c.between(600, 1080), c.between(120, 560), c.between(26, 62)
		c.add(`<ellipse cx="%.0f" cy="%.0f" rx="%.0f" ry="%.0f" fill="%s"/>`, x, y, r*1.9, r*1.4, c.shade(c.horizon-.06))
		c.add(`<ellipse cx="%.0f" cy="%.0f" rx="%.0f" ry="%.0f" fill="%s"/>`, x, y, r*1.4, r, c.shade(c.horizon-.2))
	}
	c.add(`<g stroke-dasharray="14 16">`)
	c.line(colour(8, .6, .48), 6, "M%.0f %.0fQ%.0f %.0f 1090 %.0f", a+60, d, c.between(480, 700), c.between(60, 600), c.between(100, 560))
	c.add(`</g>`)
	c.circle(a+60, d, 13, colour(8, .6, .48))
	c.shape(c.depth(.1), "M1090 40l12 48l48 12l-48 12l-12 48l-12 -48l-48 -12l48 -12z")
}

// portrait is a head and shoulders before a plain wall.
func (c *canvas) portrait() {
	hue := c.between(0, 360)
	c.rect(0, 0, portraitSize, portraitSize, colour(hue, .4, .8))
	c.circle(c.between(30, 226), c.between(30, 110), c.between(50, 90), colour(hue+24, .45, .86))
	skin := colour(c.between(18, 30), c.between(.35, .55), []float64{.36, .5, .66, .76, .82}[c.IntN(5)])
	hair := []string{"#2a2230", "#4a3328", "#7a5230", "#c59a55", "#9a9aa2", "#b5533a"}[c.IntN(6)]
	coat := colour(hue+180, .34, c.between(.26, .44))
	style := c.IntN(4)
	if style == 0 { // long hair behind the shoulders
		c.shape(hair, "M70 212V110Q72 44 128 44T186 110V212z")
	}
	c.shape(coat, "M28 256Q30 186 104 178H152Q226 186 228 256z")
	c.shape(skin, "M108 150h40v34q-20 20 -40 0z")
	c.add(`<ellipse cx="128" cy="118" rx="44" ry="52" fill="%s"/>`, skin)
	switch style {
	case 0, 1:
		c.shape(hair, "M80 116Q78 58 128 56T176 116Q166 84 %d 82Q96 84 80 116z", 110+c.IntN(40))
	case 2:
		c.shape(hair, "M82 106Q80 58 128 58T174 106Q170 88 128 84T82 106z")
		c.shape(hair, "M88 136Q92 176 128 176T168 136Q160 150 128 150T88 136z")
	case 3:
		c.circle(128, 48, 24, hair)
		c.shape(hair, "M82 112Q80 60 128 58T174 112Q160 82 128 80T82 112z")
	}
	c.circle(111, 118, 4, "#2a2230")
	c.circle(145, 118, 4, "#2a2230")
	c.line("#2a2230", 3, "M116 142q12 8 24 0")
	if c.IntN(3) == 0 {
		c.line("#2a2230", 3, "M98 118a13 13 0 1 0 26 0a13 13 0 1 0 -26 0M132 118a13 13 0 1 0 26 0a13 13 0 1 0 -26 0M124 116h8")
	}
}

func (c *canvas) logo() {
	c.add(`<rect width="256" height="256" rx="44" fill="#14304d"/>`)
	c.shape("#f2c063", "M128 44l52 96H76z")
	c.shape("#f7f1e3", "M44 158H212L180 200H76z")
	c.line("#f7f1e3", 8, "M48 222q20 -16 40 0t40 0t40 0t40 0")
}
