package demo

// Motifs: what stands in a scene. x and y are where the thing touches the ground or the water.

func (c *canvas) sailboat(x, y, size float64) {
	c.add(`<g transform="translate(%.0f %.0f) scale(%.2f)">`, x, y, size)
	c.shape(c.depth(.9), "M0 -14V-120Q52 -70 58 -14z")
	c.shape(c.light(.86), "M-6 -14V-104Q-40 -60 -44 -14z")
	c.shape(c.depth(0), "M-62 -10H72L50 14H-44z")
	c.add(`</g>`)
}

func (c *canvas) trawler(x, y, size float64) {
	c.add(`<g transform="translate(%.0f %.0f) scale(%.2f)">`, x, y, size)
	c.line(c.depth(.1), 5, "M40 -40V-150L118 -44M40 -146L-60 -44")
	c.rect(-58, -96, 78, 60, c.depth(.7))
	c.lit(-52, -88, 70, 50)
	c.shape(c.depth(0), "M-110 -44L-92 22H100L146 -58L90 -38H-70z")
	c.rect(-96, -20, 200, 8, c.light(.6))
	c.add(`</g>`)
}

func (c *canvas) ferry(x, y float64) {
	c.add(`<g transform="translate(%.0f %.0f)">`, x, y)
	c.rect(90, -150, 300, 46, c.depth(.9))
	c.lit(100, -142, 280, 52)
	c.rect(30, -104, 460, 50, c.depth(.75))
	c.lit(44, -96, 430, 52)
	c.shape(c.light(.62), "M300 -196h52l12 46h-64z")
	c.shape(c.depth(0), "M-30 -56H560L520 26H20z")
	c.add(`<g opacity=".7">`)
	c.line(c.shade(.96), 5, "M540 24q40 -16 80 2t90 0M-40 30q-60 -14 -120 2")
	c.add(`</g></g>`)
}

func (c *canvas) crane(x, y float64) {
	c.line(c.depth(.3), 8, "M%.0f %.0fV%.0fM%.0f %.0fh230M%.0f %.0fl40 -46l170 46", x, y, y-230, x-70, y-214, x-20, y-214)
	c.line(c.depth(.3), 3, "M%.0f %.0fv90", x+140, y-214)
	c.rect(x+122, y-124, 36, 26, c.light(.6))
}

func (c *canvas) headland(x float64) {
	c.shape(c.depth(.15), "M%.0f 675Q%.0f 500 %.0f 480H%.0fQ%.0f 520 %.0f 675z", x-420, x-170, x-70, x+80, x+240, x+480)
}

func (c *canvas) lighthouse(x float64) {
	if c.top < .5 {
		c.add(`<g opacity=".22">`)
		c.shape(c.light(.85), "M%.0f 208L1260 %.0fV%.0fzM%.0f 208L-60 %.0fV%.0fz", x, c.between(60, 130), c.between(240, 330), x, c.between(120, 200), c.between(260, 380))
		c.add(`</g>`)
	}
	c.shape(c.depth(.98), "M%.0f 486L%.0f 236H%.0fL%.0f 486z", x-44, x-26, x+26, x+44)
	c.shape(colour(8, .55, .45), "M%.0f 420L%.0f 350H%.0fL%.0f 420z", x-39, x-34, x+34, x+39)
	c.rect(x-36, 226, 72, 12, c.depth(0))
	c.rect(x-18, 194, 36, 32, c.light(.8))
	c.shape(c.depth(0), "M%.0f 194h52l-26 -30z", x-26)
}

func (c *canvas) tower(x, y float64) {
	c.rect(x-30, y-330, 60, 330, c.depth(.5))
	c.shape(c.depth(.4), "M%.0f %.0fl40 -110l40 110z", x-40, y-330)
	c.circle(x, y-280, 19, c.light(.84))
	c.line(c.depth(0), 3, "M%.0f %.0fv-13M%[1].0f %.0[2]fl9 5", x, y-280)
}

func (c *canvas) lamps(y float64) {
	for x := c.between(60, 140); x < pictureWidth; x += 210 {
		c.line(c.depth(0), 6, "M%.0f %.0fv-130q0 -24 30 -24", x, y)
		c.add(`<g opacity=".3">`)
		c.circle(x+34, y-150, 26, c.light(.8))
		c.add(`</g>`)
		c.circle(x+34, y-150, 9, c.light(.84))
	}
}

func (c *canvas) waves() {
	for i, y := range []float64{500, 555, 610} {
		c.shape(c.depth(.5-float64(i)*.2), "M-%d %.0fq50 -34 100 0t100 0t100 0t100 0t100 0t100 0t100 0t100 0t100 0t100 0t100 0t100 0t100 0V675H-100z", 20+i*30, y)
	}
}

func (c *canvas) island(x, y, width, distance float64) {
	h := width * c.between(.18, .34)
	c.shape(c.depth(distance), "M%.0f %.0fq%.0f %.0f %.0f %.0fq%.0f %.0f %.0f %.0fz",
		x, y, width*.22, -h, width*.5, -h, width*.3, h*.2, width*.5, h)
	if c.Float64() < .5 {
		c.rect(x+width*.4, y-h-22, 26, 30, c.depth(.98))
		c.shape(colour(8, .5, .45), "M%.0f %.0fh38l-19 -20z", x+width*.4-6, y-h-22)
	}
}

func (c *canvas) bridge(y float64) {
	c.rect(0, y, pictureWidth, 20, c.depth(.1))
	for x := 60.0; x < pictureWidth; x += 270 {
		c.rect(x-13, y-120, 26, 330, c.depth(.05))
		c.line(c.depth(.1), 4, "M%.0f %.0fq135 190 270 0", x, y-116)
		for dx := 45.0; dx < 270; dx += 45 {
			sag := 380 * (dx / 270) * (1 - dx/270)
			c.line(c.depth(.1), 2, "M%.0f %.0fV%.0f", x+dx, y-116+sag, y)
		}
	}
}

func (c *canvas) stall(x, y float64) {
	c.rect(x+8, y, 8, 120, c.depth(0))
	c.rect(x+184, y, 8, 120, c.depth(0))
	c.rect(x, y+70, 200, 58, c.depth(.1))
	for i := range 5 {
		fill := c.light(.84)
		if i%2 == 0 {
			fill = c.depth(.05)
		}
		c.shape(fill, "M%.0f %.0fl-10 54q23 22 46 0l-6 -54z", x+float64(i)*40, y-30)
	}
	for i := range 8 {
		c.circle(x+22+float64(i)*22, y+64, c.between(8, 13), c.light(c.between(.5, .75)))
	}
}

func (c *canvas) floodlight(x, y float64) {
	c.line(c.depth(.2), 7, "M%.0f %.0fV%.0f", x, y, y-250)
	c.add(`<g opacity=".3">`)
	c.circle(x, y-270, 60, c.light(.88))
	c.add(`</g>`)
	c.rect(x-40, y-290, 80, 40, c.light(.9))
}

func (c *canvas) pitch() {
	c.shape(colour(140, .3, (c.near+c.far)/2), "M0 380H1200V675H0z")
	c.add(`<g opacity=".8">`)
	c.line("#fff", 5, "M-40 640L260 400H940L1240 640M600 400V675M490 520a110 46 0 1 0 220 0a110 46 0 1 0 -220 0")
	c.line("#fff", 7, "M60 600V470H220V520")
	c.add(`</g>`)
	c.circle(c.between(320, 900), c.between(480, 600), 11, "#fff")
}

func (c *canvas) works(y float64) {
	for x := c.between(120, 200); x < 900; x += c.between(150, 210) {
		h := c.between(180, 300)
		c.add(`<g opacity=".45">`)
		c.shape(c.shade(.92), "M%.0f %.0fq-20 -60 30 -80t60 -70q50 40 0 80t-50 70z", x+4, y-h)
		c.add(`</g>`)
		c.shape(c.depth(.35), "M%.0f %.0fl10 %.0fh28l10 %.0fz", x, y, -h, h)
	}
	c.shape(c.depth(.2), "M60 %.0fv-130l90 -50v50l90 -50v50l90 -50v50l90 -50v50h280v130z", y)
	c.lit(90, y-100, 560, 90)
}

func (c *canvas) pylons() {
	for i := range 3 {
		x := 820 + float64(i)*150
		c.line(c.depth(0), 5, "M%.0f 520l34 -250l34 250M%.0f 320h88M%.0f 366h76", x, x-10, x-4)
		c.line(c.depth(0), 2, "M%.0f 320q76 40 150 0M%.0f 366q76 40 150 0", x+78, x+72)
	}
}
