/** Partial rope a key head (MHA2MLA): which planes stay rotated, and where they lie in the shared rope key. */
package org.xecomla.upcycle.mha2mla;
