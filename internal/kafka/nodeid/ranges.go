package nodeid

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// span is an inclusive range of ids; it runs downwards when from is greater than to.
type span struct{ from, to int32 }

// Ranges is a user's list of ids in the order of preference. It may cover very many ids and is never expanded.
type Ranges []span

var item = regexp.MustCompile(`^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$`)

// Parse reads a list such as "[1, 5-7, 20-10]". Blank text and "[]" are the empty list.
func Parse(text string) (Ranges, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return nil, nil
	}
	inner, opened := strings.CutPrefix(trimmed, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed {
		return nil, fmt.Errorf("%q is not a list of node ids in brackets such as [1, 5-7]", text)
	}
	if strings.TrimSpace(inner) == "" {
		return nil, nil
	}
	var ranges Ranges
	for part := range strings.SplitSeq(inner, ",") {
		s, err := parseSpan(part)
		if err != nil {
			return nil, fmt.Errorf("%q is not a list of node ids: %w", text, err)
		}
		ranges = append(ranges, s)
	}
	return ranges, nil
}

func parseSpan(text string) (span, error) {
	match := item.FindStringSubmatch(text)
	if match == nil {
		return span{}, fmt.Errorf("%q is neither an id nor a range such as 5-7", strings.TrimSpace(text))
	}
	from, err := parseID(match[1])
	if err != nil {
		return span{}, err
	}
	if match[2] == "" {
		return span{from, from}, nil
	}
	to, err := parseID(match[2])
	return span{from, to}, err
}

func parseID(text string) (int32, error) {
	id, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s is greater than the largest node id 2147483647", text)
	}
	return int32(id), nil
}

// firstFree returns the first id of the list that is not used.
func (r Ranges) firstFree(used map[int32]bool) (int32, bool) {
	for _, s := range r {
		step := int32(1)
		if s.from > s.to {
			step = -1
		}
		for id := s.from; ; id += step {
			if !used[id] {
				return id, true
			}
			if id == s.to {
				break
			}
		}
	}
	return 0, false
}

// firstOf returns the first id of the list that is among ids, which ascend.
func (r Ranges) firstOf(ids []int32) (int32, bool) {
	for _, s := range r {
		low, high := min(s.from, s.to), max(s.from, s.to)
		inside := slices.DeleteFunc(slices.Clone(ids), func(id int32) bool { return id < low || id > high })
		if len(inside) == 0 {
			continue
		}
		if s.from > s.to {
			return inside[len(inside)-1], true
		}
		return inside[0], true
	}
	return 0, false
}
