package people

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"turnout"
)

// ErrEmail is the answer to text that is no e-mail address.
var ErrEmail = &turnout.Error{Kind: turnout.Invalid, Code: "email", Message: "This is not an e-mail address. It looks like name@example.org."}

// domains is UTS #46 as browsers look names up, with the lengths of DNS and no empty label.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// NormaliseEmail gives the one spelling under which an address is stored and compared: surrounding space removed, NFC,
// lower case, the domain in its ASCII form by UTS #46 (so that bücher.example and xn--bcher-kva.example are one). RFC 5321
// section 2.4 lets a server tell A from a in the local part; none that people use does, while people write both. Dots and
// +tags stay as they are: for some servers they are different people. Text that is no address (RFC 5321 with the UTF-8
// local parts of RFC 6531, without quoted local parts and address literals) is ErrEmail.
func NormaliseEmail(text string) (string, error) {
	text = norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(text))))
	at := strings.LastIndexByte(text, '@')
	if at < 1 || !dotAtom(text[:at]) {
		return "", ErrEmail
	}
	domain, err := domains.ToASCII(text[at+1:])
	if err != nil || !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", ErrEmail
	}
	return text[:at+1] + domain, nil
}

// dotAtom reports whether a local part needs no quotes: at most 64 bytes, no empty piece between dots, only letters,
// digits and the signs of RFC 5322's atext.
func dotAtom(local string) bool {
	if len(local) > 64 {
		return false
	}
	for piece := range strings.SplitSeq(local, ".") {
		if piece == "" || strings.ContainsFunc(piece, func(r rune) bool {
			if r < unicode.MaxASCII {
				return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
			}
			return !unicode.In(r, unicode.L, unicode.M, unicode.N)
		}) {
			return false
		}
	}
	return true
}
