package org.xecomla.config;

/** What the distillation loss measures between the teacher's distribution p and the student's q. */
public enum Divergence {
    /** KL(p || q): the student covers all that the teacher says. Linear in p, so that draws from p estimate it. */
    FORWARD_KL,
    /** KL(q || p): the student keeps to what the teacher holds probable. Needs log p wherever q is. */
    REVERSE_KL,
    /** Jensen-Shannon: the mean of KL(p || m) and KL(q || m) with m = (p + q) / 2. Needs p wherever q is. */
    JENSEN_SHANNON
}
