/** A model's shape: attention, rope, and the shapes of its parameters. */
package org.xecomla.config.model;
