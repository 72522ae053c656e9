package main

import (
	"crypto/rand"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"turnout"
	"turnout/events/people"
)

// newDice gives the numbers that a community's history is drawn from: the same each time.
func newDice(seed uint64) *mathrand.Rand { return mathrand.New(mathrand.NewPCG(seed, 20)) }

// secretBytes are random, for what must not be guessed even in a demo.
func secretBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// guest is somebody whom the community knows.
type guest struct {
	person      turnout.ID
	name, email string
}

// scriptNames are given and family names of one script, each as it is written and in Latin letters.
type scriptNames struct {
	script        string
	given, family [][2]string
}

// readLines gives the rows of a table in the demo's files.
func readLines(name string) (lines [][]string) {
	text, err := demoFiles.ReadFile("demo/" + name)
	if err != nil {
		panic(err) // embedded
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.Split(line, "\t"))
		}
	}
	return lines
}

func readText(name string) string {
	text, err := demoFiles.ReadFile("demo/" + name)
	if err != nil {
		panic(err) // embedded
	}
	return string(text)
}

func readNames() (all []scriptNames) {
	for _, f := range readLines("names.tsv") {
		if len(all) == 0 || all[len(all)-1].script != f[0] {
			all = append(all, scriptNames{script: f[0]})
		}
		last, name := &all[len(all)-1], [2]string{f[2], f[3]}
		if f[1] == "given" {
			last.given = append(last.given, name)
		} else {
			last.family = append(last.family, name)
		}
	}
	return all
}

// decorated are names that people chose for themselves.
var decorated = [][2]string{{"Noor 🌊 van Dam", "noor"}, {"DJ Schuyler 🎧", "schuyler"}, {"Zoë 👩🏽‍💻 Adébáyọ̀", "zoe.codes"}, {"Pixel 🐙", "pixel"}}

// stranger invents somebody new.
func (s *story) stranger(at time.Time) *guest {
	if n := len(s.guests); n%90 == 40 && n/90 < len(decorated) {
		d := decorated[n/90]
		return s.known(d[0], d[1]+"@mail.example", at)
	}
	names := s.names[0] // Latin for most, one of the others for a third
	if s.chance(0.36) {
		names = s.names[1+s.rng.IntN(len(s.names)-1)]
	}
	given, family := pick(s, names.given), pick(s, names.family)
	written := given[0] + " " + family[0]
	switch names.script {
	case "han", "hangul":
		written = family[0] + given[0]
	case "kana":
		written = family[0] + " " + given[0]
	}
	hosts := []string{"example.org", "mail.example", "post.example", "uni.example"}
	local, host := given[1]+"."+family[1], hosts[s.rng.IntN(len(hosts))]
	email := local + "@" + host
	for n := 2; s.emails[email]; n++ {
		email = fmt.Sprintf("%s%d@%s", local, n, host)
	}
	return s.known(written, email, at)
}

// known makes a person with an e-mail address, and for some a second identity.
func (s *story) known(name, email string, at time.Time) *guest {
	g := &guest{turnout.NewID(people.PrefixPerson), name, email}
	s.emails[email] = true
	s.guests = append(s.guests, g)
	s.persons = append(s.persons, &people.Person{ID: g.person, CommunityID: s.community.ID, Name: name, CreatedAt: at, UpdatedAt: at})
	s.identify(g, people.SourceEmail, email, at)
	if s.chance(0.3) {
		login, _, _ := strings.Cut(email, "@")
		s.identify(g, "forum", fmt.Sprintf("%s-%d", strings.ReplaceAll(login, ".", "-"), len(s.guests)), at)
	}
	return g
}

func (s *story) identify(g *guest, source, handle string, at time.Time) {
	s.identities = append(s.identities, &people.Identity{ID: turnout.NewID(people.PrefixIdentity), CommunityID: s.community.ID, PersonID: g.person,
		Source: source, Handle: handle, CreatedAt: at})
}

// chance is true in that share of the cases.
func (s *story) chance(share float64) bool { return s.rng.Float64() < share }

func pick[T any](s *story, from []T) T { return from[s.rng.IntN(len(from))] }

// weighted gives an index, each as often as its weight says.
func (s *story) weighted(weights ...float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at := s.rng.Float64() * sum
	for i, w := range weights {
		if at < w {
			return i
		}
		at -= w
	}
	return len(weights) - 1
}

// evenly deals shares of a whole out to many, one after the other (by the golden ratio): the k-th gets the index of its share, and
// the shares are kept closely whatever the dice and the date say.
func evenly(k int, shares ...float64) int {
	_, at := math.Modf(float64(k) * math.Phi)
	for i, share := range shares {
		if at < share {
			return i
		}
		at -= share
	}
	return len(shares)
}

// around gives a duration, normally distributed.
func (s *story) around(middle, spread time.Duration) time.Duration {
	return middle + time.Duration(s.rng.NormFloat64()*float64(spread))
}

// waits gives a duration, exponentially distributed.
func (s *story) waits(mean time.Duration) time.Duration {
	return time.Duration(-math.Log(1-s.rng.Float64()) * float64(mean))
}

// between gives an instant between two, to the microsecond.
func (s *story) between(from, to time.Time) time.Time {
	return from.Add(time.Duration(s.rng.Int64N(max(int64(to.Sub(from)), 1)))).Truncate(time.Microsecond)
}

// awake moves an instant to an hour of its day at which people do things.
func (s *story) awake(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	hour := 7 + s.weighted(1, 2, 5, 6, 5, 7, 6, 4, 4, 4, 3, 3, 4, 6, 7, 5, 2)
	moved := time.Date(local.Year(), local.Month(), local.Day(), hour, s.rng.IntN(60), s.rng.IntN(60), s.rng.IntN(1e6)*1000, zone)
	return moved.UTC()
}
