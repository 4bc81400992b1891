package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"castellan.io/castellan/examples"
)

// headings, code and markers of a page; what stands between two markers is written anew.
var (
	code    = regexp.MustCompile("(?s)```.*?```")
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	marked  = regexp.MustCompile(`(?s)<!-- (fields of|example) (\S+) -->\n.*?<!-- end -->`)
)

// place is where the fields of a type are described.
type place struct{ page, anchor string }

// from is the link to the place in a page.
func (p place) from(page string) string {
	if p.page == page {
		return "#" + p.anchor
	}
	return p.page + "#" + p.anchor
}

// pages returns the content of every page with its marked parts as they should be.
func (a apiTypes) pages(directory fs.FS) (map[string][]byte, error) {
	names, err := fs.Glob(directory, "*.md")
	if err != nil {
		return nil, fmt.Errorf("listing pages: %w", err)
	}
	pages := map[string][]byte{}
	for _, name := range names {
		if pages[name], err = fs.ReadFile(directory, name); err != nil {
			return nil, fmt.Errorf("reading a page: %w", err)
		}
	}
	catalog := newCatalog(a, pages)
	for name, text := range pages {
		if pages[name], err = rewritten(catalog, name, text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return pages, nil
}

// places finds the types that have a table, and the heading above it.
func places(pages map[string][]byte) map[string]place {
	out := map[string]place{}
	for name, text := range pages {
		for _, match := range marked.FindAllSubmatchIndex(text, -1) {
			if what, of := string(text[match[2]:match[3]]), string(text[match[4]:match[5]]); what == "fields of" {
				out[of] = place{name, anchor(text[:match[0]])}
			}
		}
	}
	return out
}

// anchor is the name that renderers of Markdown give the last heading of a text.
func anchor(text []byte) string {
	headings := heading.FindAllSubmatch(code.ReplaceAll(text, nil), -1)
	if len(headings) == 0 {
		return ""
	}
	title := strings.ToLower(string(headings[len(headings)-1][1]))
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return -1
	}, title)
}

func rewritten(c catalog, page string, text []byte) ([]byte, error) {
	var failed error
	text = marked.ReplaceAllFunc(text, func(part []byte) []byte {
		match := marked.FindSubmatch(part)
		what, of := string(match[1]), string(match[2])
		content, err := c.content(page, what, of)
		failed = cmp.Or(failed, err)
		return fmt.Appendf(nil, "<!-- %s %s -->\n\n%s\n<!-- end -->", what, of, content)
	})
	return text, failed
}

func (c catalog) content(page, what, of string) (string, error) {
	if what == "example" {
		text, err := fs.ReadFile(examples.Files, of)
		return "```yaml\n" + string(text) + "```\n", err
	}
	if _, known := c.types[of]; !known {
		return "", fmt.Errorf("type %s does not exist", of)
	}
	d := description{catalog: c, page: page}
	d.members("", of)
	return d.String(), nil
}

// description is the table of a type in the making.
type description struct {
	catalog
	page  string
	rows  []row
	rules []string
}

// row is a field.
type row struct{ path, kind, otherwise, meaning string }

func (d *description) String() string {
	var out strings.Builder
	out.WriteString("| field | type | default | meaning |\n|---|---|---|---|\n")
	for _, r := range d.rows {
		cells := []string{"`" + r.path + "`", r.kind, r.otherwise, r.meaning}
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
		}
		out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	if len(d.rules) > 0 {
		out.WriteString("\nRules, which the API server checks:\n\n")
		for _, rule := range slices.Compact(d.rules) {
			out.WriteString("- " + rule + "\n")
		}
	}
	return out.String()
}
