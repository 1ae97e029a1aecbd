using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing;

/// <summary>A key of a policy: its name, meaning and default. A closed family by the kind of value.</summary>
/// <param name="Name">The key in a scenario.</param>
/// <param name="Meaning">What it means, in a sentence, with its unit.</param>
public abstract record PolicyParameter(string Name, string Meaning)
{
    /// <summary>Where the default comes from, when not from the policy's own source.</summary>
    public string Source { get; init; } = "";

    /// <summary>What is missing for the key to mean anything, as it would be said after "without"; null when nothing is, or it always means something.</summary>
    public Func<RoutingFacts, string?>? Lacks { get; init; }

    /// <summary>The default as an object.</summary>
    public abstract object DefaultObject { get; }
}

/// <summary>A parameter of a known type.</summary>
/// <typeparam name="T">Type of its value.</typeparam>
public abstract record PolicyParameter<T>(string Name, string Meaning, T Default) : PolicyParameter(Name, Meaning)
    where T : notnull
{
    /// <inheritdoc />
    public sealed override object DefaultObject => Default;
}

/// <summary>A number from <paramref name="Min"/> to <paramref name="Max"/>.</summary>
public sealed record NumberParameter(string Name, string Meaning, double Default, double Min = 0, double Max = double.PositiveInfinity)
    : PolicyParameter<double>(Name, Meaning, Default);

/// <summary>A whole number from <paramref name="Min"/> to <paramref name="Max"/>.</summary>
public sealed record WholeParameter(string Name, string Meaning, int Default, int Min = 0, int Max = int.MaxValue)
    : PolicyParameter<int>(Name, Meaning, Default);

/// <summary>True or false.</summary>
public sealed record SwitchParameter(string Name, string Meaning, bool Default) : PolicyParameter<bool>(Name, Meaning, Default);

/// <summary>A length of time above zero.</summary>
public sealed record DurationParameter(string Name, string Meaning, SimDuration Default) : PolicyParameter<SimDuration>(Name, Meaning, Default);

/// <summary>One of several names.</summary>
public sealed record ChoiceParameter(string Name, string Meaning, string Default, params (string Name, string Meaning)[] Choices)
    : PolicyParameter<string>(Name, Meaning, Default);
