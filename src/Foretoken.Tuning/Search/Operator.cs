namespace Foretoken.Tuning.Search;

/// <summary>Where a proposed point came from; its successes decide how often that source is used.</summary>
internal enum Operator
{
    /// <summary>Each knob from one of two parents.</summary>
    Uniform,

    /// <summary>Each knob near those of two parents (simulated binary crossover).</summary>
    Blend,

    /// <summary>A parent moved by the difference of two others.</summary>
    Differential,

    /// <summary>One parent with a few knobs changed.</summary>
    Mutation,

    /// <summary>A point of the front with one knob changed by one step.</summary>
    Neighbour,

    /// <summary>A parent with one to three knobs set anew, far or near alike.</summary>
    Reset,

    /// <summary>Anywhere in the space.</summary>
    Random,
}
