package demo

// scenes are drawn from the back to the front.
var scenes = map[string]func(*canvas){
	"harbour": func(c *canvas) {
		sun := c.sky()
		c.ridge(360, 46, .95)
		c.houses(430, 120, .55)
		c.crane(c.between(150, 1000), 430)
		c.water(430, sun)
		for range 3 {
			c.sailboat(c.between(80, 1100), c.between(450, 560), c.between(.5, 1))
		}
		c.trawler(c.between(200, 900), c.between(560, 620), c.between(.9, 1.3))
		c.weather()
	},
	"lighthouse": func(c *canvas) {
		sun := c.sky()
		c.water(440, sun)
		c.ridge(470, 18, .8)
		x := c.between(260, 940)
		c.headland(x)
		c.lighthouse(x)
		c.birds()
		c.weather()
	},
	"city": func(c *canvas) {
		c.sky()
		c.ridge(350, 50, .95)
		c.houses(470, 210, .7)
		c.tower(c.between(200, 1000), 480)
		c.houses(600, 180, .3)
		c.rect(0, 600, pictureWidth, 75, c.depth(0))
		c.lamps(606)
		c.weather()
	},
	"hills": func(c *canvas) {
		c.sky()
		for i, distance := range []float64{1, .7, .4, .1} {
			c.ridge(330+float64(i)*85, 60, distance)
			c.trees(375+float64(i)*85, 9, 26+float64(i)*14, distance-.1)
		}
		c.birds()
		c.weather()
	},
	"sea": func(c *canvas) {
		sun := c.sky()
		c.water(400, sun)
		c.sailboat(c.between(150, 1000), 430, c.between(.7, 1.2))
		c.waves()
		c.birds()
		c.weather()
	},
	"islands": func(c *canvas) {
		sun := c.sky()
		c.water(380, sun)
		for i := range 4 {
			c.island(c.between(60, 1000), 400+float64(i)*42, c.between(160, 380), .9-float64(i)*.2)
		}
		c.sailboat(c.between(200, 900), 590, 1)
		c.weather()
	},
	"forest": func(c *canvas) {
		c.sky()
		c.ridge(340, 70, 1)
		for i, distance := range []float64{.8, .5, .2} {
			y := 430 + float64(i)*95
			c.ridge(y+10, 14, distance)
			c.trees(y+20, 26, 80+float64(i)*45, distance)
		}
		c.weather()
	},
	"ferry": func(c *canvas) {
		sun := c.sky()
		c.ridge(390, 40, .95)
		c.water(410, sun)
		c.ferry(c.between(200, 560), 540)
		c.birds()
		c.weather()
	},
	"bridge": func(c *canvas) {
		sun := c.sky()
		c.ridge(380, 50, .95)
		c.houses(440, 80, .75)
		c.water(440, sun)
		c.bridge(400)
		c.sailboat(c.between(150, 1000), 600, .8)
		c.weather()
	},
	"market": func(c *canvas) {
		c.sky()
		c.houses(450, 230, .6)
		c.rect(0, 450, pictureWidth, 225, c.depth(.35))
		for x := c.between(-40, 30); x < pictureWidth; x += 232 {
			c.stall(x, 500)
		}
		c.weather()
	},
	"room": func(c *canvas) {
		c.room()
	},
	"pitch": func(c *canvas) {
		c.sky()
		c.houses(380, 70, .8)
		c.floodlight(150, 390)
		c.floodlight(1050, 390)
		c.pitch()
		c.weather()
	},
	"works": func(c *canvas) {
		c.sky()
		c.ridge(430, 30, .9)
		c.works(480)
		c.rect(0, 480, pictureWidth, 195, c.depth(.12))
		c.pylons()
		c.weather()
	},
	"chart": func(c *canvas) {
		c.chart()
	},
}
