// Package pdf holds the fonts that Turnout prints with. internal/paper reads them;
// README.md says where they come from and how they were cut.
package pdf

import "embed"

// Fonts holds text/ (8-bit fonts that go into a PDF as they are), outlines/ (fonts whose glyphs
// are drawn as shapes), coverage.json (which of those has which characters) and blank.ttf.
//
//go:embed text outlines coverage.json blank.ttf
var Fonts embed.FS
