/** Slots of a shared rope key: which rotary planes of a base share one of the student's, and ways to choose them. */
package org.xecomla.upcycle.slots;
