package org.xecomla.eval.tasks;

/** What a model is asked: how likely is {@code continuation} after {@code context}? */
public record TaskPrompt(String context, String continuation) {}
