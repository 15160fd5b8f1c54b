package feed

import (
	"strings"
	"unicode/utf8"
)

// xmlWriter appends XML 1.0 to a buffer. What it is given comes out of a parser as it was, but for characters that no
// XML may hold (XML 1.0, section 2.2): those are left out.
type xmlWriter struct{ buffer []byte }

func (w *xmlWriter) raw(text string) { w.buffer = append(w.buffer, text...) }

// start opens an element. Attributes are names and values in turn; those without a value are left out.
func (w *xmlWriter) start(name string, attributes ...string) {
	w.tag(name, attributes)
	w.buffer = append(w.buffer, '>')
}

func (w *xmlWriter) end(name string) {
	w.buffer = append(w.buffer, "</"...)
	w.buffer = append(w.buffer, name...)
	w.buffer = append(w.buffer, ">\n"...)
}

func (w *xmlWriter) empty(name string, attributes ...string) {
	w.tag(name, attributes)
	w.buffer = append(w.buffer, "/>\n"...)
}

// element writes an element with a text in it.
func (w *xmlWriter) element(name, text string, attributes ...string) {
	w.start(name, attributes...)
	w.text(text)
	w.end(name)
}

// optional writes the element if there is a text.
func (w *xmlWriter) optional(name, text string, attributes ...string) {
	if text != "" {
		w.element(name, text, attributes...)
	}
}

// markup writes an element with HTML in it, which as CDATA stays readable and short.
func (w *xmlWriter) markup(name, html string, attributes ...string) {
	w.start(name, attributes...)
	w.raw("<![CDATA[")
	w.cdata(html)
	w.raw("]]>")
	w.end(name)
}

func (w *xmlWriter) tag(name string, attributes []string) {
	w.buffer = append(w.buffer, '<')
	w.buffer = append(w.buffer, name...)
	for i := 0; i < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			continue
		}
		w.buffer = append(w.buffer, ' ')
		w.buffer = append(w.buffer, attributes[i]...)
		w.buffer = append(w.buffer, `="`...)
		w.text(attributes[i+1])
		w.buffer = append(w.buffer, '"')
	}
}

// text escapes for elements and attributes alike.
func (w *xmlWriter) text(text string) { w.characters(text, &plainInText, escaped) }

func (w *xmlWriter) cdata(text string) { w.characters(text, &plainInCDATA, w.escapedInCDATA) }

// The ASCII characters that mean nothing, nearly all there are: they are passed over without asking what replaces them.
var plainInText, plainInCDATA = allBut("<>&\"", ""), allBut(">", "\t\n")

func allBut(special, white string) (plain [utf8.RuneSelf]bool) {
	for c := range plain {
		plain[c] = c >= ' ' && strings.IndexByte(special, byte(c)) < 0 || strings.IndexByte(white, byte(c)) >= 0
	}
	return plain
}

// characters copies what may stand as it is, and what replaces the rest. Replacement tells for an ASCII character, after
// what is still to be copied, what to write instead of it, and whether anything.
func (w *xmlWriter) characters(text string, plain *[utf8.RuneSelf]bool, replacement func(c byte, before string) (string, bool)) {
	copied := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf && plain[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			if instead, differs := replacement(c, text[copied:i]); differs {
				w.buffer = append(append(w.buffer, text[copied:i]...), instead...)
				copied = i + 1
			}
			i++
			continue
		}
		char, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case char == utf8.RuneError && size == 1:
			w.buffer = append(append(w.buffer, text[copied:i]...), "\uFFFD"...)
			copied = i + size
		case char == 0xFFFE || char == 0xFFFF:
			w.buffer = append(w.buffer, text[copied:i]...)
			copied = i + size
		}
		i += size
	}
	w.buffer = append(w.buffer, text[copied:]...)
}

// escaped writes the characters that mean something as hexadecimal references, which the RSS Advisory Board found to be
// understood by most readers. White space is written so that no parser makes other white space of it.
func escaped(c byte, _ string) (string, bool) {
	switch c {
	case '&':
		return "&#x26;", true
	case '<':
		return "&#x3C;", true
	case '>':
		return "&#x3E;", true
	case '"':
		return "&#x22;", true
	case '\t':
		return "&#x9;", true
	case '\n':
		return "&#xA;", true
	case '\r':
		return "&#xD;", true
	}
	return "", c < ' '
}

// escapedInCDATA ends the section where a character cannot stand in one. What is left out may have stood between the
// brackets, so that it is the output that counts.
func (w *xmlWriter) escapedInCDATA(c byte, before string) (string, bool) {
	switch c {
	case '>':
		if len(before) < 2 {
			before = string(w.buffer[max(0, len(w.buffer)-2):]) + before
		}
		return "]]><![CDATA[>", strings.HasSuffix(before, "]]")
	case '\r':
		return "]]>&#xD;<![CDATA[", true
	}
	return "", c < ' ' && c != '\t' && c != '\n'
}
