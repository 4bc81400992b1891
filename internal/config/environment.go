package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"castellan.io/castellan/internal/pki"
)

// environment reads variables and collects what is wrong with them. An empty variable is an absent one.
type environment struct {
	get      func(string) string
	problems []string
}

func (e *environment) wrong(name, what, right string) {
	e.problems = append(e.problems, fmt.Sprintf("%s %s: expected %s", name, what, right))
}

// err joins all problems on one line; nil when there are none.
func (e *environment) err() error {
	if len(e.problems) == 0 {
		return nil
	}
	return errors.New(strings.Join(e.problems, "; "))
}

func (e *environment) text(name, fallback string) string {
	if v := e.get(name); v != "" {
		return v
	}
	return fallback
}

// required reads a text that must be there, and right says what it is.
func (e *environment) required(name, right string) string {
	v := e.get(name)
	if v == "" {
		e.wrong(name, "is empty", right)
	}
	return v
}

func (e *environment) boolean(name string, fallback bool) bool {
	switch v := e.get(name); {
	case v == "":
		return fallback
	case strings.EqualFold(v, "true"):
		return true
	case strings.EqualFold(v, "false"):
		return false
	default:
		e.wrong(name, fmt.Sprintf("is %q", v), "true or false")
		return fallback
	}
}

func (e *environment) milliseconds(name string, fallback int64) time.Duration {
	v := e.get(name)
	if v == "" {
		return time.Duration(fallback) * time.Millisecond
	}
	ms, err := strconv.ParseInt(v, 10, 64)
	if err != nil || ms <= 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		e.wrong(name, fmt.Sprintf("is %q", v), "a positive number of milliseconds")
		return time.Duration(fallback) * time.Millisecond
	}
	return time.Duration(ms) * time.Millisecond
}

// longestDays is the most that a duration can hold: 292 years.
const longestDays = 106_751

func (e *environment) days(name string, fallback int) time.Duration {
	v := e.get(name)
	if v == "" {
		return pki.Days(fallback)
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > longestDays {
		e.wrong(name, fmt.Sprintf("is %q", v), fmt.Sprintf("a number of days from 1 to %d", longestDays))
		return pki.Days(fallback)
	}
	return pki.Days(n)
}

// lifetime reads a duration of Go's that the life of a certificate, or a part of it, may have; zero if there is none.
func (e *environment) lifetime(name string) time.Duration {
	v := e.get(name)
	if v == "" {
		return 0
	}
	out, err := time.ParseDuration(v)
	if err != nil || out < pki.MinimumLifetime {
		e.wrong(name, fmt.Sprintf("is %q", v), "a duration such as 36h or 90m, at least 1m")
		return 0
	}
	return out
}

// pairs reads key=value entries separated by commas or line ends.
func (e *environment) pairs(name string) map[string]string {
	out := map[string]string{}
	for _, entry := range strings.FieldsFunc(e.get(name), func(r rune) bool { return r == ',' || r == '\n' || r == ' ' }) {
		key, value, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if !ok || key == "" {
			e.wrong(name, fmt.Sprintf("holds %q", entry), "key=value")
			continue
		}
		out[key] = value
	}
	return out
}
