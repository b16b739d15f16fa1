/** Training on preferences: pairs, their scores, the loss of DPO. */
package org.xecomla.train.preference;
