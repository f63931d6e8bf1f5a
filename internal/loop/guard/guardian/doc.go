// Package guardian lets a guardian see where its child is, and cuts that off.
//
//	request (guardian) ─► checked by an officer ─► link ─► consent ─► look
//	                                                 │        └─ withdrawn ─► no look
//	                                                 └─ closed, by an officer
//	each look, each event of a live line asks anew:
//	  link open, consent given ∧ guardian in the register today ∧ child under 18
//	  ∧ may be contacted ∧ no bar in force ∧ on no conflict list of an open matter
//	  ∧ no open matter forbids contact
//
// Always true:
//   - Nothing is decided at the link alone: what is cut is cut at the next look,
//     and a live line ends with the change that cuts it.
//   - Whoever is cut off hears one and the same neutral sentence, whatever the
//     reason: the reason may be a child's word against them.
//   - Each look is in the audit, and the child can be told who may look: on a
//     printed sheet, or by a link of its own without an account, which names
//     neither the child nor a place, ends by itself, and can be ended.
//
// Law: 个人信息保护法 art. 31 (consent of a guardian below 14), 未成年人网络保护
// 条例; 民法典 art. 36 (guardianship revoked), 反家庭暴力法 art. 23 (orders).
package guardian
