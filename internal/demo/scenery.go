package demo

import (
	"fmt"
	"math"
	"strings"
)

// sky fills the picture and returns where the sun or moon stands.
func (c *canvas) sky() (sunX float64) {
	c.add(`<linearGradient id="s" x2="0" y2="1"><stop stop-color="%s"/><stop offset=".75" stop-color="%s"/></linearGradient>`,
		c.shade(c.top), c.skyline())
	c.rect(0, 0, pictureWidth, pictureHeight, "url(#s)")
	sunX = c.between(180, 1020)
	if c.stars {
		c.starfield()
	}
	if c.clear {
		y, r := c.between(110, 260), c.between(38, 74)
		c.add(`<g opacity=".16">`)
		c.circle(sunX, y, r*2.3, c.light(.86))
		c.circle(sunX, y, r*1.6, c.light(.86))
		c.add(`</g>`)
		c.circle(sunX, y, r, c.light(.88))
	} else {
		c.clouds()
	}
	return sunX
}

// skyline is the colour of the sky where it meets the land: at dusk and dawn it has the light's hue.
func (c *canvas) skyline() string {
	if c.clear && !c.stars && c.horizon < .9 {
		return colour(c.glow, .62, c.horizon)
	}
	return c.shade(c.horizon)
}

func (c *canvas) starfield() {
	c.add(`<g opacity=".8">`)
	for range 34 {
		c.circle(c.between(0, pictureWidth), c.between(0, 330), c.between(.8, 2.2), "#fff")
	}
	c.add(`</g>`)
}

func (c *canvas) clouds() {
	c.add(`<g opacity=".5">`)
	for range 4 {
		x, y, w := c.between(-80, 1000), c.between(60, 250), c.between(180, 330)
		c.shape(c.shade(min(.96, c.top+.1)), "M%.0f %.0fq%.0f -70 %.0f -28q%.0f -60 %.0f -6q70 -14 %.0f 34z",
			x, y, w*.16, w*.36, w*.2, w*.38, w*.26)
	}
	c.add(`</g>`)
}

// ridge is a range of hills with its mean height at y.
func (c *canvas) ridge(y, amplitude, distance float64) {
	var path strings.Builder
	a, b, d := c.between(0, 6), c.between(0, 6), c.between(2, 4)
	for x := 0.0; x <= pictureWidth; x += 60 {
		rise := math.Sin(x/170+a)*.6 + math.Sin(x/(50*d)+b)*.4
		fmt.Fprintf(&path, "L%.0f %.0f", x, y-amplitude*rise)
	}
	c.shape(c.depth(distance), "M0 %d%sV%[1]dz", pictureHeight, path.String())
}

// water covers the picture below y and mirrors the light above sunX.
func (c *canvas) water(y, sunX float64) {
	c.add(`<linearGradient id="w" x2="0" y2="1"><stop stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>`,
		c.shade((c.far+c.horizon)/2), c.depth(.25))
	c.rect(0, y, pictureWidth, pictureHeight-y, "url(#w)")
	c.add(`<g opacity=".5">`)
	for range 16 {
		at, w := c.between(y+12, pictureHeight-8), c.between(30, 150)
		c.line(c.shade(min(.95, c.horizon+.04)), 2, "M%.0f %.0fh%.0f", c.between(-40, pictureWidth), at, w)
	}
	if c.clear {
		for at := y + 10; at < pictureHeight-20; at += 24 {
			w := c.between(16, 60) * (1 + (at-y)/160)
			c.line(c.light(.84), 5, "M%.0f %.0fh%.0f", sunX-w/2+c.between(-10, 10), at, w)
		}
	}
	c.add(`</g>`)
}

// houses is a row of gables that stands on y.
func (c *canvas) houses(y, height, distance float64) {
	for x := c.between(-60, 0); x < pictureWidth; {
		w, h := c.between(58, 108), c.between(.55, 1)*height
		wall := c.depth(distance + c.between(-.12, .12))
		gable := w * c.between(.28, .5)
		c.shape(wall, "M%.0f %.0fv%.0fl%.0f %.0fl%[4].0f %.0[6]fV%[2].0fz", x, y, -h, w/2, -gable, gable)
		c.lit(x+w*.2, y-h+14, w*.6, h-20)
		x += w
	}
}

// lit puts rows of windows into a wall.
func (c *canvas) lit(x, y, width, height float64) {
	for row := y; row < y+height-22; row += 38 {
		for column := x; column <= x+width-12; column += 24 {
			if c.Float64() < .6 {
				continue
			}
			colour := c.depth(.95)
			if c.windows {
				colour = c.light(.74)
			}
			c.rect(column, row, 11, 17, colour)
		}
	}
}

func (c *canvas) trees(y float64, count int, size, distance float64) {
	for range count {
		x, h := c.between(0, pictureWidth), size*c.between(.7, 1.3)
		at := y + c.between(-14, 14)
		c.shape(c.depth(distance+c.between(-.08, .08)), "M%.0f %.0fl%.0f %.0fh%.0fz", x, at-h, h*.24, h, -h*.48)
	}
}

func (c *canvas) birds() {
	x, y := c.between(200, 900), c.between(110, 240)
	for range 3 + c.IntN(3) {
		s := c.between(12, 22)
		c.line(c.depth(.1), 3, "M%.0f %.0fq%.0f %.0f %.0f 0q%[3].0f %[4].0f %[5].0f 0", x+c.between(-120, 120), y+c.between(-40, 40), s/2, -s*.7, s)
	}
}

// weather falls in front of everything.
func (c *canvas) weather() {
	switch c.falling {
	case "rain":
		c.add(`<g opacity=".28">`)
		for range 40 {
			c.line("#fff", 2, "M%.0f %.0fl-14 44", c.between(0, 1240), c.between(-30, 640))
		}
		c.add(`</g>`)
	case "snow":
		c.add(`<g opacity=".85">`)
		for range 60 {
			c.circle(c.between(0, pictureWidth), c.between(0, pictureHeight), c.between(1.5, 5), "#fff")
		}
		c.add(`</g>`)
	}
}
