/**
 * Model checkpoints in the forms that others write and read: configuration, names of weights, row order of
 * rotated dimensions.
 */
package org.xecomla.formats;
