package main

// nearest is the word that was probably meant: the one with the fewest letters to change, if those are at most a third; else "".
func nearest(typed string, words []string) string {
	best, fewest := "", max(1, len(typed)/3)+1
	for _, w := range words {
		if d := distance(typed, w); d < fewest {
			best, fewest = w, d
		}
	}
	return best
}

// distance counts the letters to insert, drop or replace to make one word of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
