package kafka

import (
	"fmt"
	"strings"
)

// properties writes a file in the syntax of java.util.Properties, one option a line.
type properties struct{ text strings.Builder }

func (p *properties) set(key, value string) {
	p.text.WriteString(escape(key, true))
	p.text.WriteByte('=')
	p.text.WriteString(escape(value, false))
	p.text.WriteByte('\n')
}

func (p *properties) String() string { return p.text.String() }

// escape keeps text what it is when Java reads it back as ISO 8859-1.
func escape(text string, key bool) string {
	var out strings.Builder
	for i, char := range text {
		switch {
		case char == '\\':
			out.WriteString(`\\`)
		case char == '\n':
			out.WriteString(`\n`)
		case char == '\r':
			out.WriteString(`\r`)
		case char == '\t':
			out.WriteString(`\t`)
		case char == ' ' && (key || i == 0):
			out.WriteString(`\ `)
		case key && strings.ContainsRune("=:", char), key && i == 0 && strings.ContainsRune("#!", char):
			out.WriteByte('\\')
			out.WriteRune(char)
		case char < ' ' || char > '~':
			writeUnicode(&out, char)
		default:
			out.WriteRune(char)
		}
	}
	return out.String()
}

// writeUnicode writes a character as Java does: in units of 16 bits.
func writeUnicode(out *strings.Builder, char rune) {
	if char <= 0xFFFF {
		fmt.Fprintf(out, `\u%04X`, char)
		return
	}
	offset := char - 0x10000
	fmt.Fprintf(out, `\u%04X\u%04X`, 0xD800+offset>>10, 0xDC00+offset&0x3FF)
}
