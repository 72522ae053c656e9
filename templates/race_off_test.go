//go:build !race

package templates

// underRace is true where the race detector makes everything several times slower: limits of time say nothing then.
const underRace = false
