package configmodel

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Validate returns one message for every option that Kafka would refuse, sorted by the option's name. Each names the
// option, what is wrong and what would be right. Options that Kafka does not know pass: plugins have options too.
func (m *Model) Validate(options map[string]string) []string {
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(options)) {
		option, known := m.options[name]
		if !known {
			continue
		}
		if fault := option.fault(trim(options[name])); fault != "" {
			faults = append(faults, name+": "+fault)
		}
	}
	return faults
}

// trim does what Java's String.trim does: it takes off every character up to the space, control characters too.
func trim(value string) string {
	return strings.TrimFunc(value, func(r rune) bool { return r <= ' ' })
}

// fault says what is wrong with a trimmed value; empty when Kafka takes it.
func (o Option) fault(value string) string {
	switch o.Type {
	case Boolean:
		return booleanFault(value)
	case Int, Short, Long:
		return o.integerFault(value)
	case Double:
		return o.doubleFault(value)
	case String:
		return o.stringFault(value)
	case List:
		return o.listFault(value)
	case Class, Password:
		// A class passes because only Kafka's own class path can tell, a password because Kafka sets no rule and a message would
		// show it.
	}
	return ""
}

func booleanFault(value string) string {
	if strings.EqualFold(value, "true") || strings.EqualFold(value, "false") {
		return ""
	}
	return fmt.Sprintf("%q is not a boolean: give true or false", value)
}

var bits = map[Type]int{Short: 16, Int: 32, Long: 64}

func (o Option) integerFault(value string) string {
	size := bits[o.Type]
	number, err := strconv.ParseInt(value, 10, size)
	if errors.Is(err, strconv.ErrRange) {
		largest := int64(math.MaxInt64) >> (64 - size)
		return fmt.Sprintf("%q does not fit into %d bits: give a number from %d to %d", value, size, -largest-1, largest)
	}
	if err != nil {
		return fmt.Sprintf("%q is not a whole number: give decimal digits only, without a unit", value)
	}
	if fault := o.enumFault(value, strconv.FormatInt(number, 10)); fault != "" {
		return fault
	}
	return o.rangeFault(value, float64(number))
}

// javaDouble is what Double.parseDouble takes, the value in its first group: signs, hexadecimal and type letters
// included, but not Go's spellings of infinity.
var javaDouble = regexp.MustCompile(`^([+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?` +
	`|0[xX](?:[0-9a-fA-F]+\.?|[0-9a-fA-F]*\.[0-9a-fA-F]+)[pP][+-]?\d+))[fFdD]?$`)

func (o Option) doubleFault(value string) string {
	match := javaDouble.FindStringSubmatch(value)
	if match == nil {
		return fmt.Sprintf("%q is not a number: give a decimal number such as 0.5", value)
	}
	number, _ := strconv.ParseFloat(match[1], 64) // too large is infinity, in Java too
	return o.rangeFault(value, number)
}

// rangeFault compares as Kafka does, in doubles whatever the type; NaN, as in Kafka, is never out of range.
func (o Option) rangeFault(value string, number float64) string {
	if least, err := strconv.ParseFloat(o.Min, 64); err == nil && number < least {
		return fmt.Sprintf("%q is too small: the least allowed is %s", value, o.Min)
	}
	if most, err := strconv.ParseFloat(o.Max, 64); err == nil && number > most {
		return fmt.Sprintf("%q is too large: the most allowed is %s", value, o.Max)
	}
	return ""
}

func (o Option) stringFault(value string) string {
	if o.NonEmpty && value == "" {
		return "the value is empty: give one, or leave the option out"
	}
	return o.enumFault(value, value)
}

// enumFault checks the value in the form in which the allowed values are written.
func (o Option) enumFault(value, normal string) string {
	same := func(allowed string) bool {
		return allowed == normal || o.AnyCase && strings.EqualFold(allowed, normal)
	}
	if len(o.Enum) == 0 || slices.ContainsFunc(o.Enum, same) {
		return ""
	}
	return fmt.Sprintf("%q is not allowed: give one of %s", value, strings.Join(o.Enum, ", "))
}

// comma is Java's \s*,\s*: there, other than in Go, \s has the vertical tab.
var comma = regexp.MustCompile(`[\s\v]*,[\s\v]*`)

func (o Option) listFault(value string) string {
	var items []string
	if value != "" {
		items = comma.Split(value, -1)
	}
	if o.NonEmpty && len(items) == 0 {
		return "the list is empty: give at least one item, or leave the option out"
	}
	for i, item := range items {
		if fault := o.itemFault(item, items[:i]); fault != "" {
			return fault
		}
	}
	return ""
}

func (o Option) itemFault(item string, before []string) string {
	switch {
	case o.Distinct && item == "":
		return "the list has an empty item: take out the extra comma"
	case o.Distinct && slices.Contains(before, item):
		return fmt.Sprintf("the item %q is given twice: give each item once", item)
	case len(o.Items) > 0 && !slices.Contains(o.Items, item):
		return fmt.Sprintf("the item %q is not allowed: give only %s", item, strings.Join(o.Items, ", "))
	}
	return ""
}
