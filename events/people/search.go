package people

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"
	"golang.org/x/text/unicode/norm"

	"turnout"
)

const (
	wordLimit   = 64 // bytes of a word that count; the rest of a longer one is neither stored nor compared
	wordsOfText = 40 // words of one text that are stored
	rowsAtOnce  = 1000
)

// flat spells letters that have no decomposition as people without that letter on their keyboard type them.
var flat = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ł", "l", "ŋ", "n", "ı", "i", "ſ", "s", "ς", "σ")

// Fold gives the words of a text in the form in which they are searched: lower case, without accents and other marks
// (NFKD, category Mn removed), full-width forms and ligatures spelled out, cut at everything that is neither letter nor
// digit. So "Łukasz.Żółw@example.org" is lukasz, zolw, example, org. A run of Han or kana is one word, as is one of
// Hangul.
func Fold(text string) []string {
	plain := make([]rune, 0, len(text))
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		if !unicode.Is(unicode.Mn, r) {
			plain = append(plain, unicode.ToLower(r))
		}
	}
	// Hangul came apart into its letters; composed again, a syllable is one character.
	folded := flat.Replace(norm.NFC.String(string(plain)))
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, cut(word.String()))
			word.Reset()
		}
	}
	var before script
	for _, r := range folded {
		now := scriptOf(r)
		if now != before {
			end()
		}
		if before = now; now != gap {
			word.WriteRune(r)
		}
	}
	end()
	return words
}

// script tells which characters make a word together.
type script int

const (
	gap script = iota
	alphabet
	ideographs // Han and kana stand in one word: 山田さん
	hangul
)

func scriptOf(r rune) script {
	switch {
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー':
		return ideographs
	case unicode.Is(unicode.Hangul, r):
		return hangul
	case unicode.In(r, unicode.L, unicode.N, unicode.Mc):
		return alphabet
	}
	return gap
}

// cut shortens a word to wordLimit bytes at a character's edge.
func cut(word string) string {
	if len(word) <= wordLimit {
		return word
	}
	end := wordLimit
	for !utf8.RuneStart(word[end]) {
		end--
	}
	return word[:end]
}

// stored gives the words under which a text is found: those of Fold, and for a script that writes without spaces also what
// follows each character, so that 太郎 finds 山田太郎.
func stored(text string) []string {
	var words []string
	for _, word := range Fold(text) {
		words = append(words, word)
		first, size := utf8.DecodeRuneInString(word)
		if s := scriptOf(first); s != ideographs && s != hangul {
			continue
		}
		for rest := word[size:]; rest != ""; rest = rest[size:] {
			words = append(words, rest)
			_, size = utf8.DecodeRuneInString(rest)
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), wordsOfText)]
}

type token struct {
	bun.BaseModel `bun:"table:search_tokens,alias:search_token"`

	CommunityID turnout.ID `bun:"community_id"`
	Kind        string     `bun:"kind"`
	ScopeID     turnout.ID `bun:"scope_id"`
	Token       []byte     `bun:"token"` // bytes, compared as bytes by both engines whatever the cluster's collation
	RowID       turnout.ID `bun:"row_id"`
}

// IndexTokens makes rows findable by their texts (name, address and code together, say), in one statement for a thousand
// words. kind names what is searched (ticket, order, person), scope where (an event, the community). Words that a row had
// before stay: call DropTokens first when its text changed.
func IndexTokens(ctx context.Context, db bun.IDB, community turnout.ID, kind string, scope turnout.ID, texts map[turnout.ID]string) error {
	var tokens []*token
	for _, row := range slices.Sorted(maps.Keys(texts)) {
		for _, word := range stored(texts[row]) {
			tokens = append(tokens, &token{CommunityID: community, Kind: kind, ScopeID: scope, Token: []byte(word), RowID: row})
		}
	}
	for chunk := range slices.Chunk(tokens, rowsAtOnce) {
		if _, err := db.NewInsert().Model(&chunk).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("people: index: %w", err)
		}
	}
	return nil
}

// DropTokens makes rows unfindable.
func DropTokens(ctx context.Context, db bun.IDB, community turnout.ID, rows []turnout.ID) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := db.NewDelete().Model((*token)(nil)).Where("row_id IN (?)", bun.List(rows)).Where("community_id = ?", community).Exec(ctx)
	return err
}

// Matching selects the ids of all rows that have, for every word of the query, a word that begins with it. A list filters and
// pages what it finds by Where("id IN (?)", Matching(…)). It is nil for a query without letters or digits.
func Matching(db bun.IDB, community turnout.ID, kind string, scope turnout.ID, query string) *bun.SelectQuery {
	words := Fold(query)
	if len(words) == 0 {
		return nil
	}
	// The longest word finds the fewest rows: it leads, the others are looked up for each of its rows.
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	q := db.NewSelect().TableExpr("search_tokens AS lead").ColumnExpr("DISTINCT lead.row_id").
		Where("lead.community_id = ? AND lead.kind = ? AND lead.scope_id = ?", community, kind, scope).
		Where("lead.token >= ? AND lead.token < ?", []byte(words[0]), after(words[0]))
	for _, word := range words[1:min(len(words), 8)] {
		// By the row alone, which has a few dozen words: by kind and scope too, SQLite would read all rows that have this word.
		q = q.Where("EXISTS (SELECT 1 FROM search_tokens AS other WHERE other.row_id = lead.row_id AND other.token >= ? AND other.token < ?)", []byte(word), after(word))
	}
	return q
}

// after is behind every text that begins with the word: no UTF-8 holds the byte 0xff.
func after(word string) []byte { return append([]byte(word), 0xff) }
