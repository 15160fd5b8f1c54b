package demo

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
)

// Size in pixels of every picture but portraits and the logo.
const (
	pictureWidth  = 1200
	pictureHeight = 675
	portraitSize  = 256
)

// pictureName is SCENE-MOOD-anything, portrait-anything or logo. The name alone decides what is drawn.
var pictureName = regexp.MustCompile(`^(?:logo|portrait-[a-z0-9-]{1,80}|([a-z]+)-([a-z]+)-[a-z0-9-]{1,80})$`)

// picture draws the SVG that the name asks for; false if there is none.
func picture(name string) ([]byte, bool) {
	width, height, known := pictureSize(name)
	if !known {
		return nil, false
	}
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(name)) // never fails
	c := &canvas{Rand: rand.New(rand.NewPCG(seed.Sum64(), 1))}
	c.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d">`, width, height)
	parts := pictureName.FindStringSubmatch(name)
	switch {
	case name == "logo":
		c.logo()
	case parts[1] == "":
		c.portrait()
	default:
		c.mood = moods[parts[2]]
		c.hue += c.between(-14, 14)
		scenes[parts[1]](c)
	}
	c.add(`</svg>`)
	return []byte(c.String()), true
}

func pictureSize(name string) (width, height int, known bool) {
	parts := pictureName.FindStringSubmatch(name)
	switch {
	case parts == nil:
		return 0, 0, false
	case parts[1] == "":
		return portraitSize, portraitSize, true
	}
	_, knownMood := moods[parts[2]]
	return pictureWidth, pictureHeight, scenes[parts[1]] != nil && knownMood
}

// mood is the light of a scene: two hues, and how bright the sky is at its top, at the horizon and what lies before it.
type mood struct {
	hue, glow             float64 // degrees: of all that is in the shade, of the light
	saturation            float64
	top, horizon          float64 // lightness, 0 to 1
	far, near             float64
	stars, windows, clear bool // clear: sun or moon can be seen
	falling               string
}

var moods = map[string]mood{
	"night": {hue: 222, glow: 46, saturation: .42, top: .11, horizon: .27, far: .20, near: .07, stars: true, windows: true, clear: true},
	"dusk":  {hue: 262, glow: 22, saturation: .36, top: .30, horizon: .78, far: .42, near: .13, windows: true, clear: true},
	"dawn":  {hue: 338, glow: 34, saturation: .34, top: .66, horizon: .89, far: .62, near: .22, clear: true},
	"day":   {hue: 200, glow: 44, saturation: .44, top: .70, horizon: .93, far: .62, near: .24, clear: true},
	"green": {hue: 152, glow: 52, saturation: .32, top: .76, horizon: .94, far: .60, near: .20, clear: true},
	"storm": {hue: 208, glow: 60, saturation: .16, top: .28, horizon: .56, far: .38, near: .13, windows: true, falling: "rain"},
	"snow":  {hue: 212, glow: 30, saturation: .24, top: .66, horizon: .90, far: .72, near: .30, windows: true, falling: "snow"},
	"fog":   {hue: 190, glow: 50, saturation: .14, top: .74, horizon: .86, far: .74, near: .38},
}

// canvas is an SVG being drawn.
type canvas struct {
	strings.Builder
	*rand.Rand
	mood
}

func (c *canvas) add(format string, args ...any) { _, _ = fmt.Fprintf(c, format, args...) }

func (c *canvas) between(low, high float64) float64 { return low + c.Float64()*(high-low) }

// shade is a colour of the mood's main hue.
func (c *canvas) shade(lightness float64) string {
	return colour(c.hue, c.saturation, lightness)
}

// light is the colour of sun, moon and lamps.
func (c *canvas) light(lightness float64) string { return colour(c.glow, .85, lightness) }

// depth is the shade of something at a distance of 0 (near) to 1 (far).
func (c *canvas) depth(distance float64) string {
	return c.shade(c.near + (c.far-c.near)*distance)
}

// colour turns hue (degrees), saturation and lightness (0 to 1) into #rrggbb.
func colour(hue, saturation, lightness float64) string {
	chroma := saturation * min(lightness, 1-lightness)
	channel := func(n float64) int {
		k := math.Mod(n+hue/30+12, 12)
		return int(255*(lightness-chroma*max(-1, min(k-3, 9-k, 1))) + .5)
	}
	return fmt.Sprintf("#%02x%02x%02x", channel(0), channel(8), channel(4))
}

func (c *canvas) rect(x, y, width, height float64, fill string) {
	c.add(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" fill="%s"/>`, x, y, width, height, fill)
}

func (c *canvas) circle(x, y, r float64, fill string) {
	c.add(`<circle cx="%.0f" cy="%.0f" r="%.1f" fill="%s"/>`, x, y, r, fill)
}

// shape fills a path whose numbers are written into the format.
func (c *canvas) shape(fill, path string, args ...any) {
	c.add(`<path fill="%s" d="%s"/>`, fill, fmt.Sprintf(path, args...))
}

// line draws a path without filling it.
func (c *canvas) line(colour string, width float64, path string, args ...any) {
	c.add(`<path fill="none" stroke="%s" stroke-width="%.1f" stroke-linecap="round" d="%s"/>`, colour, width, fmt.Sprintf(path, args...))
}
