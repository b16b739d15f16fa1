package org.xecomla.upcycle.base;

import java.io.Serializable;

/** What one method decides beforehand about a layer, beyond what all of them do. */
public interface MethodPlan extends Serializable {}
