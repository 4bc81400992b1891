package properties

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// Escape writes a value so that it is read as it is, by Parse and by Java, which takes such files for Latin-1 or for UTF-8 depending on the
// program. Every line of the value gets a line of its own.
func Escape(value string) string {
	var out strings.Builder
	starts := true // white space at the start of a line is not read
	for i, r := range value {
		switch {
		case r == '\n' && i+1 < len(value):
			out.WriteString("\\n\\\n  ")
		case r == ' ' && !starts:
			out.WriteByte(' ')
		default:
			out.WriteString(escape(r))
		}
		starts = r == '\n'
	}
	return out.String()
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\\' || r == ' ':
		return `\` + string(r)
	case r > ' ' && r < 0x7f:
		return string(r)
	}
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune{r}) {
		fmt.Fprintf(&out, `\u%04x`, unit)
	}
	return out.String()
}
