package signing

import "testing"

func TestVerifyKnowsBothKeysAndEachPart(t *testing.T) {
	old := Keys{Current: []byte("old secret of the house")}
	now := Keys{Current: []byte("new secret of the house"), Previous: old.Current}
	token := old.Sign("order", "ord_1", "1")
	if len(token) != 32 || !old.Verify(token, "order", "ord_1", "1") || !now.Verify(token, "order", "ord_1", "1") {
		t.Fatalf("token %q is not known", token)
	}
	for _, other := range [][]string{{"order", "ord_1", "2"}, {"order", "ord_11", ""}, {"order", "ord_", "11"}, {"join", "ord_1", "1"}, {"order", "ord_1"}} {
		if now.Verify(token, other[0], other[1:]...) {
			t.Errorf("the token also opens %v", other)
		}
	}
	if (Keys{Current: now.Current}).Verify(token, "order", "ord_1", "1") || now.Verify("", "order", "ord_1", "1") {
		t.Error("a token of a forgotten key, or none at all, is accepted")
	}
}
