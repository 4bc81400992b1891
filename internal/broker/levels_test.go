package broker

import "testing"

// TestLevels holds the table against levels in Kafka's MetadataVersion.java; an entry too many or too few moves them.
func TestLevels(t *testing.T) {
	for name, want := range map[string]int16{
		"3.3-IV3": 7, "3.4-IV0": 8, "3.5-IV2": 11, "3.6-IV2": 14, "3.7-IV0": 15, "3.7-IV4": 19, "3.8-IV0": 20,
		"3.9-IV0": 21, "4.0-IV3": 25, "4.1-IV1": 27, "4.2-IV1": 29, "4.3-IV0": 30, "4.4-IV0": 31,
	} {
		got, err := levelOf(name)
		if err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, want)
		}
	}
	for _, level := range []int16{0, 6, 32} {
		if name, err := nameOf(level); err == nil {
			t.Errorf("level %d: got %s, want an error", level, name)
		}
	}
}
