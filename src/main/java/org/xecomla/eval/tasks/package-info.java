/** Multiple-choice tasks scored by log-likelihood, in lm-evaluation-harness's own forms. */
package org.xecomla.eval.tasks;
