// Command said reads what `go test -json` writes and prints what go test says without -v: the output of tests that failed, and a
// line a package. Which tests were skipped, and why, it writes into the file that its argument names: nothing is silently
// untested. It fails when a test did.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// event is a line of `go doc test2json`.
type event struct{ Action, Package, Test, Output string }

// reason is the line that a test's Skip wrote: where it stands, then the words.
var reason = regexp.MustCompile(`^\s+\S+_test\.go:\d+: (.*)`)

func main() {
	said := map[event][]string{} // by package and test
	skipped := map[string]int{}  // by package and reason
	failed := false
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Println(lines.Text()) // not go test's, or about a package that cannot be built
			continue
		}
		of := event{Package: e.Package, Test: e.Test}
		switch e.Action {
		case "build-output":
			fmt.Print(e.Output)
		case "build-fail":
			failed = true
		case "output":
			if e.Test == "" && (strings.HasPrefix(e.Output, "ok ") || strings.HasPrefix(e.Output, "FAIL\t")) {
				fmt.Print(e.Output)
			} else if e.Output != "PASS\n" && !strings.HasPrefix(e.Output, "=== ") {
				said[of] = append(said[of], e.Output)
			}
		case "fail":
			failed = true
			if e.Test == "" { // what was running when the process ended: a panic, a time limit
				for cut := range said {
					if cut.Package == e.Package && cut.Test != "" {
						fmt.Print(strings.Join(said[cut], ""))
					}
				}
			}
			fmt.Print(strings.Join(said[of], ""))
		case "skip":
			if e.Test != "" {
				skipped[e.Package+": "+why(said[of])]++
			}
		}
		if e.Action == "fail" || e.Action == "skip" || e.Action == "pass" {
			delete(said, of)
		}
	}
	var list strings.Builder
	for _, what := range slices.Sorted(maps.Keys(skipped)) {
		fmt.Fprintf(&list, "%3d × %s\n", skipped[what], what)
	}
	if err := os.WriteFile(os.Args[1], []byte(list.String()), 0o600); err != nil || lines.Err() != nil {
		fmt.Fprintln(os.Stderr, "said:", err, lines.Err())
		failed = true
	}
	if failed {
		os.Exit(1)
	}
}

func why(output []string) string {
	for _, line := range slices.Backward(output) {
		if found := reason.FindStringSubmatch(line); found != nil {
			return found[1]
		}
	}
	return "no reason given"
}
