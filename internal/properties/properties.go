package properties

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// Parse reads text as java.util.Properties.load does: comments with # or !, a backslash at a line's end joins it with
// the next one, keys end at '=', ':' or white space, and a backslash escapes. The last of several equal keys wins.
func Parse(text string) map[string]string {
	found := map[string]string{}
	for _, line := range logicalLines(text) {
		key, value := split(line)
		found[unescape(key)] = unescape(value)
	}
	return found
}

func logicalLines(text string) []string {
	var lines []string
	var joined strings.Builder
	continued := false
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		line = strings.TrimLeft(line, " \t\f")
		if !continued && (line == "" || line[0] == '#' || line[0] == '!') {
			continue
		}
		continued = endsInOddBackslashes(line)
		joined.WriteString(strings.TrimSuffix(line, continuation(continued)))
		if !continued {
			lines = append(lines, joined.String())
			joined.Reset()
		}
	}
	if joined.Len() > 0 {
		lines = append(lines, joined.String())
	}
	return lines
}

func continuation(continued bool) string {
	if continued {
		return `\`
	}
	return ""
}

func endsInOddBackslashes(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

func split(line string) (key, value string) {
	end := keyEnd(line)
	rest := strings.TrimLeft(line[end:], " \t\f")
	if rest != "" && (rest[0] == '=' || rest[0] == ':') {
		rest = strings.TrimLeft(rest[1:], " \t\f")
	}
	return line[:end], rest
}

func keyEnd(line string) int {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '=', ':', ' ', '\t', '\f':
			return i
		}
	}
	return len(line)
}

func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			plain.WriteByte(text[i])
			continue
		}
		i++
		character, skip := escaped(text[i:])
		plain.WriteString(character)
		i += skip
	}
	return plain.String()
}

// escaped gives what the text behind a backslash means, and how many bytes after its first one belong to it.
func escaped(text string) (string, int) {
	switch text[0] {
	case 'n':
		return "\n", 0
	case 't':
		return "\t", 0
	case 'r':
		return "\r", 0
	case 'f':
		return "\f", 0
	case 'u':
		return codePoint(text)
	}
	return text[:1], 0
}

// codePoint gives the character behind u and four digits, or behind two of these where Java needs two, and how many bytes behind u belong to it.
func codePoint(text string) (string, int) {
	first, is := codeUnit(text)
	if !is {
		return "u", 0
	}
	if rest, found := strings.CutPrefix(text[5:], `\`); found && utf16.IsSurrogate(first) {
		if second, is := codeUnit(rest); is {
			return string(utf16.DecodeRune(first, second)), 10
		}
	}
	return string(first), 4
}

func codeUnit(text string) (rune, bool) {
	if len(text) < 5 || text[0] != 'u' {
		return 0, false
	}
	code, err := strconv.ParseUint(text[1:5], 16, 16)
	return rune(code), err == nil
}
