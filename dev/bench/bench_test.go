package bench

import "testing"

func TestResidentMemory(t *testing.T) {
	cases := map[string]struct {
		metrics string
		want    int64
		fails   bool
	}{
		"is in the operator's metrics":    {metrics: "# HELP process_resident_memory_bytes x\nprocess_resident_memory_bytes 4.5678592e+07\n", want: 45678592},
		"is missed when it is missing":    {metrics: "go_goroutines 3\n", fails: true},
		"is refused when it is no number": {metrics: "process_resident_memory_bytes many\n", fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := residentMemory([]byte(tc.metrics))
			if got != tc.want || (err != nil) != tc.fails {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
}
