package widget

// size is in CSS pixels. As room for something, 0 is no bound.
type size struct{ width, height int }

func (room size) holds(what size) bool {
	return (room.width == 0 || what.width <= room.width) && (room.height == 0 || what.height <= room.height)
}

// within cuts a size down to the room.
func (room size) within(what size) size {
	if room.width > 0 {
		what.width = min(what.width, room.width)
	}
	if room.height > 0 {
		what.height = min(what.height, room.height)
	}
	return what
}

// fitting is how a frame is to look so that it fits into a page that does not let it grow.
type fitting struct {
	options
	size size
}

// The heights are those of frames.css, with as many lines of text as it lets a frame show.
const (
	usualWidth    = 600
	cardText      = 304
	compactHeight = 164
	listFrame     = 128 // title and the link to more
	listEntry     = 152
	narrow        = 480 // below, titles take a line more
	narrowEntry   = 138
)

// cardIn is a story's card where there is room for it, else the compact one.
func cardIn(room size, hasImage bool) fitting {
	fitted := fitting{usualOptions(layoutCard), room.within(size{width: usualWidth})}
	fitted.size.height = cardText
	if hasImage {
		fitted.size.height += fitted.size.width * 9 / 16
	}
	if !room.holds(fitted.size) {
		fitted.Layout, fitted.size.height = layoutCompact, compactHeight
	}
	fitted.size = room.within(fitted.size)
	return fitted
}

// listIn is a list of as many stories as there is room for.
func listIn(room size) fitting {
	fitted, entry := fitting{usualOptions(layoutList), room.within(size{width: usualWidth})}, listEntry
	if fitted.size.width < narrow {
		entry = narrowEntry
	}
	if room.height > 0 {
		fitted.Count = max(1, min(fitted.Count, (room.height-listFrame)/entry))
	}
	fitted.size.height = listFrame + fitted.Count*entry
	fitted.size = room.within(fitted.size)
	return fitted
}
