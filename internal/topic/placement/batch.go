package placement

// Batch returns the moves to start now, so that at most that many partitions move at once when so many move already.
// The order stays. A move that supersedes another one is always among them: no partition moves more because of it.
func Batch(moves []Move, moving, most int) []Move {
	var batch []Move
	for _, m := range moves {
		if m.Supersedes {
			batch = append(batch, m)
			continue
		}
		if moving < most {
			batch = append(batch, m)
			moving++
		}
	}
	return batch
}
