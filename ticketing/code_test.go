package ticketing

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func anyCode(t *rapid.T) Code {
	c := Code{KeyID: 1, Mode: rapid.SampledFrom([]Mode{InPerson, Virtual}).Draw(t, "mode"),
		Event: rapid.Int64Range(1, 1<<40).Draw(t, "event"), Ticket: rapid.Int64Range(1, 1<<40).Draw(t, "ticket"), Type: rapid.Int64Range(1, 1<<20).Draw(t, "type")}
	copy(c.Nonce[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "nonce"))
	return c
}

func TestCodesComeBackAndNoOtherSpellingIsTaken(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", 32)))
	rapid.Check(t, func(t *rapid.T) {
		c := anyCode(t)
		text := c.Sign(key)
		got, err := ParseCode(" " + strings.ToLower(text) + "\n")
		if err != nil || got.Code != c {
			t.Fatalf("read back %+v, %v", got.Code, err)
		}
		if !got.Verify(key.Public().(ed25519.PublicKey)) {
			t.Fatal("its own key does not verify")
		}
		if got.Verify(other.Public().(ed25519.PublicKey)) {
			t.Fatal("another event's key verifies")
		}
		// One character changed: no code, or one that nobody signed.
		i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		letter := rapid.SampledFrom([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")).Draw(t, "letter")
		if text[i] == letter {
			return
		}
		forged, err := ParseCode(text[:i] + string(letter) + text[i+1:])
		if err == nil && forged.Verify(key.Public().(ed25519.PublicKey)) {
			t.Fatalf("forged at %d: %+v", i, forged.Code)
		}
	})
}

func TestCodesFitTheQRTheyArePromisedFor(t *testing.T) {
	c := Code{KeyID: 1, Mode: InPerson, Event: 1<<18 - 1, Ticket: 1<<22 - 1, Type: 1000}
	// QR version 10 at level M holds 311 alphanumeric characters; version 6 holds 154.
	if n := len(c.Sign(ed25519.NewKeyFromSeed(make([]byte, 32)))); n > 154 {
		t.Errorf("a large code has %d characters", n)
	}
}

func FuzzParseCode(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	f.Add(Code{KeyID: 1, Mode: Virtual, Event: 1, Ticket: 2, Type: 3}.Sign(key))
	f.Add("")
	f.Add("HTTPS://EXAMPLE.ORG/T/1")
	f.Add(strings.Repeat("A", 199))
	f.Add("\xff\x00🎟")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCode(text)
		if err == nil && codeText.EncodeToString(append(c.payload(), c.signature...)) != strings.ToUpper(strings.TrimSpace(text)) {
			t.Errorf("%q was taken for another spelling", text)
		}
	})
}

func TestOrderCodesArePermutedNumbers(t *testing.T) {
	book := newCodeBook([]byte("key of the test"))
	rapid.Check(t, func(t *rapid.T) {
		event, order := rapid.Int64Range(0, 1<<eventBits-1).Draw(t, "event"), rapid.Int64Range(0, 1<<orderBits-1).Draw(t, "order")
		code := book.encode(event, order)
		if len(code) != codeLength || strings.Trim(code, codeDigits) != "" {
			t.Fatalf("form of %q", code)
		}
		typed := strings.ToLower(code[:4]) + "-" + strings.NewReplacer("0", "O", "1", "l").Replace(code[4:]) + " "
		if e, o, ok := book.decode(typed); !ok || e != event || o != order {
			t.Fatalf("%q came back as %d, %d, %v", typed, e, o, ok)
		}
	})
	if a, b := book.encode(1, 1), book.encode(7, 4_194_303); a != "ZMR7KFPM" || b != "HVT0X9N1" {
		t.Errorf("%s, %s: codes that were mailed would open nothing any more", a, b)
	}
	if a, b := book.encode(1, 1), book.encode(1, 2); a[:4] == b[:4] {
		t.Errorf("neighbours look alike: %s %s", a, b)
	}
	if _, _, ok := book.decode("UUUUUUUU"); ok {
		t.Error("a letter that is no digit was read")
	}
}
