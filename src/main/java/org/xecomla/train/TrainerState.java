package org.xecomla.train;

import org.xecomla.optim.Optimizer;

/** All that one replica of a run carries from step to step, apart from how far it has come. */
public record TrainerState(Replica replica, Optimizer optimizer, Rounds rounds) {}
