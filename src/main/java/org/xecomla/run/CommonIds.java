package org.xecomla.run;

import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.tokenizer.TokenizerVocabulary;
import org.xecomla.errors.ConfigException;

/**
 * The ids that a student and its teacher have in common: of two models with one tokenizer either may have its
 * vocabulary padded further, and then only as many of the first ids are compared as both have.
 *
 * @param ofTeacher how many ids the teacher has
 * @param ofStudent how many the student has
 */
public record CommonIds(int ofTeacher, int ofStudent) {
    /**
     * Of models whose tokenizers are the same.
     *
     * @param tokenizer of the student: a tokenizer.json or its directory
     * @param ofTeacher the same of the teacher; where it has none it is trusted, if it has as many ids
     * @throws ConfigException where an id means two things, where the vocabularies differ in size and there is nothing
     *     that says that their tokenizers do not, or where a token has an id that only one of the models has
     */
    public static CommonIds of(ModelConfig teacher, Path ofTeacher, ModelConfig student, Path tokenizer) {
        CommonIds common = new CommonIds(teacher.vocabSize(), student.vocabSize());
        boolean apart = !ofTeacher.equals(tokenizer);
        if (!apart && !common.differ()) {
            return common;
        }
        Optional<TokenizerVocabulary> ours = TokenizerVocabulary.find(tokenizer);
        if (apart) {
            Optional<TokenizerVocabulary> theirs = TokenizerVocabulary.find(ofTeacher);
            if (theirs.isPresent() && ours.isPresent()) {
                ours.get().requireSame(theirs.get(), "this run", "the teacher");
            } else if (common.differ()) {
                throw new ConfigException(common.sizes() + ", and nothing says that they have the same tokenizer: put"
                        + " the teacher's tokenizer.json beside its weights, or set teacher.path to a model with as"
                        + " many ids");
            }
        }
        if (common.differ()) {
            ours.ifPresent(common::requireHoldsAll);
        }
        return common;
    }

    /** Whether one of the models has ids that the other has not. */
    public boolean differ() {
        return ofTeacher != ofStudent;
    }

    /** How many of the first ids both have. */
    public int number() {
        return Math.min(ofTeacher, ofStudent);
    }

    /** What a person should know; empty where both have the same ids. */
    public Optional<String> note() {
        return differ()
                ? Optional.of(sizes() + ", by the same tokenizer: compared are ids 0 to " + (number() - 1) + "; "
                        + number() + " to " + (Math.max(ofTeacher, ofStudent) - 1) + ", padding that only the "
                        + (ofTeacher > ofStudent ? "teacher" : "student") + " has, are left out")
                : Optional.empty();
    }

    private void requireHoldsAll(TokenizerVocabulary tokenizer) {
        int last = tokenizer.tokens().isEmpty() ? -1 : tokenizer.tokens().lastKey();
        if (last >= number()) {
            throw new ConfigException(sizes() + ", but the tokenizer has a token of id " + last
                    + ", which only one of them has: set teacher.path to a model with all ids of the student's"
                    + " tokenizer");
        }
    }

    private String sizes() {
        return "the teacher's vocabulary has " + ofTeacher + " ids and the student's " + ofStudent;
    }
}
