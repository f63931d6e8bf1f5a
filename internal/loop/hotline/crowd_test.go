package hotline_test

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
	"strings"
	"testing"
	"time"

	"zugou/internal/kernel/errs"
	"zugou/internal/loop/hotline"
)

// solve works as the page does.
func solve(t *testing.T, w hotline.Work, key string) string {
	t.Helper()
	for n := range 1 << (w.Bits + 6) {
		proof := fmt.Sprintf("%x", n)
		sum := sha256.Sum256([]byte(w.Salt + key + proof))
		zeros := 0
		for _, b := range sum {
			zeros += bits.LeadingZeros8(b)
			if b != 0 {
				break
			}
		}
		if zeros >= w.Bits {
			return proof
		}
	}
	t.Fatal("no proof is found")
	return ""
}

// opens opens a chat and does the work that is asked for.
func (h *house) opens(key string, v hotline.Visitor) error {
	h.t.Helper()
	for range 5 {
		got, err := h.s.OpenChat(h.t.Context(), key, v)
		if err != nil || got.OK {
			return err
		}
		v.Proof = solve(h.t, *got.Work, key)
	}
	h.t.Fatal("the work never ends")
	return nil
}

func (h *house) comes(key string, v hotline.Visitor) {
	h.t.Helper()
	if err := h.opens(key, v); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) says(key, text string) {
	h.t.Helper()
	if err := h.s.SayChat(h.t.Context(), key, text, key[:20]+fmt.Sprint(len(text))); err != nil {
		h.t.Fatal(err)
	}
}

func keyOf(n int) string { return fmt.Sprintf("visitor-%028d", n) }

// far gives an address of its own network.
func far(n int) hotline.Visitor {
	return hotline.Visitor{Address: fmt.Sprintf("203.%d.113.7", n), Agent: "old phone"}
}

func (h *house) board() []hotline.Row {
	h.t.Helper()
	b, err := h.s.Board(op1)
	if err != nil {
		h.t.Fatal(err)
	}
	return b.Waiting
}

func (h *house) stateOf(key string) hotline.Chat {
	h.t.Helper()
	got, err := h.s.ReadChat(h.t.Context(), key, 0, "asked")
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

func TestOnAUsualDayNobodyWorksForAChat(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for n := range 10 {
			if got, err := h.s.OpenChat(t.Context(), keyOf(n), far(n)); err != nil || !got.OK || got.Work != nil {
				t.Fatalf("chat %d: %+v %v", n, got, err)
			}
		}
		got, err := h.s.OpenChat(t.Context(), keyOf(10), far(10))
		if err != nil || got.OK || got.Work == nil || got.Work.Bits != 10 {
			t.Fatalf("%+v %v", got, err)
		}
		// Work for another chat, and of an hour ago, is none.
		wrong := far(10)
		wrong.Proof = solve(t, *got.Work, keyOf(11))
		if again, err := h.s.OpenChat(t.Context(), keyOf(10), wrong); err != nil || again.OK {
			t.Fatalf("%+v %v", again, err)
		}
		right := far(10)
		right.Proof = solve(t, *got.Work, keyOf(10))
		h.clk.Advance(time.Hour)
		if again, err := h.s.OpenChat(t.Context(), keyOf(10), right); err != nil || again.OK {
			t.Fatalf("%+v %v", again, err)
		}
		h.comes(keyOf(10), far(10))
	})
}

func TestSixtyEmptyChatsOfOnePlaceCrowdOutNobody(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		flood := hotline.Visitor{Address: "198.51.100.9", Agent: "robot"}
		for n := range 60 {
			h.comes(keyOf(n), flood)
			h.clk.Advance(100 * time.Millisecond)
		}
		if waiting := h.board(); len(waiting) != 6 {
			t.Fatalf("%d chats of one device wait", len(waiting))
		}
		if got := h.stateOf(keyOf(0)); got.State != hotline.Ended || !got.Gave {
			t.Fatalf("the oldest is told %+v", got)
		}
		// A child of the same school, behind the same address, comes in and is seen first.
		h.comes(childKey, hotline.Visitor{Address: "198.51.100.9", Agent: "a girl's phone"})
		h.says(childKey, "我害怕")
		if waiting := h.board(); len(waiting) != 7 || waiting[0].Silent || !waiting[1].Silent {
			t.Fatalf("%+v", waiting)
		}
		// Without a word from one place they fill the seat's queue no more than the line.
		for range 10 {
			h.pass(5*time.Second, childKey)
		}
		if len(h.matters) != 1 || !strings.Contains(h.matters[0].Note, "我害怕") {
			t.Fatalf("%d matters", len(h.matters))
		}
		h.matters = nil
	})
}

func TestAFloodFromManyPlacesGivesWayToAChild(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for n := range 60 {
			h.comes(keyOf(n), hotline.Visitor{Address: fmt.Sprintf("198.51.%d.%d", n%10, n), Agent: "robot"})
			h.clk.Advance(10 * time.Millisecond)
		}
		slow := keyOf(59) // a child that has not written yet, alone at its address
		h.comes(childKey, far(1))
		if got := h.stateOf(childKey); got.State != hotline.Waiting {
			t.Fatalf("%+v", got)
		}
		if got := h.stateOf(keyOf(0)); got.State != hotline.Ended || !got.Gave {
			t.Fatalf("the oldest without a word is told %+v", got)
		}
		if got := h.stateOf(slow); got.State != hotline.Waiting {
			t.Fatalf("%+v", got)
		}
		// Now all of them write: those of the fullest network whose words the
		// seat's queue has give way; words that must not wait never do.
		for n := 1; n < 60; n++ {
			h.says(keyOf(n), "在吗")
		}
		h.says(childKey, "我不 想活了")
		if err := h.opens(keyOf(70), far(2)); errs.KeyOf(err) != "chat.many" {
			t.Fatalf("words that nobody has yet give way: %v", err)
		}
		h.pass(50*time.Second, childKey)
		if len(h.matters) != 60 {
			t.Fatalf("%d matters", len(h.matters))
		}
		h.matters = nil
		h.comes(keyOf(70), far(2))
		if got := h.stateOf(keyOf(1)); got.State != hotline.Ended || !got.Gave || len(got.Lines) != 1 {
			t.Fatalf("the oldest of the fullest network is told %+v", got)
		}
		if got := h.stateOf(childKey); got.State != hotline.Waiting || len(h.board()) != 60 {
			t.Fatalf("%+v, %d wait", got, len(h.board()))
		}
	})
}

func TestWordsThatMustNotWaitStandFirst(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for n, text := range []string{"", "在吗", "有人 打我 救命"} {
			h.comes(keyOf(n), far(n))
			if text != "" {
				h.says(keyOf(n), text)
			}
			h.clk.Advance(time.Second)
		}
		waiting := h.board()
		if len(waiting) != 3 || !waiting[0].Grave || waiting[1].Silent || !waiting[2].Silent {
			t.Fatalf("%+v", waiting)
		}
	})
}

func TestWhoFindsNoRoomIsToldOfTheHelpForm(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for n := range 6 {
			h.comes(keyOf(n), far(1))
			h.says(keyOf(n), "在吗")
		}
		if err := h.opens(keyOf(6), far(1)); errs.KeyOf(err) != "chat.many" || errs.KindOf(err) != errs.KindConflict {
			t.Fatalf("%v", err)
		}
		h.comes(keyOf(7), far(2))
	})
}

func TestWordsAfterTheSeatsQueueHasTheChatReachTheMatter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.chat(childKey, "在吗")
		h.pass(50*time.Second, childKey)
		if len(h.matters) != 1 {
			t.Fatalf("%+v", h.matters)
		}
		h.matters = nil
		h.says(childKey, "他又打我了")
		h.says(childKey, "他又打我了") // sent again
		if len(h.more) != 1 || h.more[0] != "matter-help:他又打我了" {
			t.Fatalf("%v", h.more)
		}
		h.more = nil
		if waiting := h.board(); !waiting[0].Grave {
			t.Fatalf("%+v", waiting)
		}
		if err := h.s.TakeChat(op1, h.waiting()); err != nil {
			t.Fatal(err)
		}
		h.says(childKey, "我在听") // the seat reads it itself
	})
}

func TestAPageAsksOneQuestionAtATimeAndNotWithoutAPause(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.comes(childKey, far(1))
		held := make(chan hotline.Chat, 1)
		asked := make(chan error, 1)
		go func() {
			got, err := h.s.ReadChat(t.Context(), childKey, 0, hotline.Waiting)
			held <- got
			asked <- err
		}()
		for len(held) == 0 { // whichever was first is answered by the second
			h.stateOf(childKey)
			h.clk.Advance(time.Second)
		}
		if got, err := <-held, <-asked; err != nil || got.State != hotline.Waiting {
			t.Fatalf("%+v %v", got, err)
		}
		slow := false
		for range 40 {
			_, err := h.s.ReadChat(t.Context(), childKey, 0, "asked")
			slow = slow || errs.KeyOf(err) == "chat.slow"
		}
		if !slow {
			t.Fatal("a page may ask without a pause")
		}
		h.clk.Advance(10 * time.Second)
		if got := h.stateOf(childKey); got.State != hotline.Waiting {
			t.Fatalf("%+v", got)
		}
	})
}
