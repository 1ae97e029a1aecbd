using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>run</c> section.</summary>
public static class RunFields
{
    public static readonly Field<string> EngineMode = new(new ChoiceType(
        ("auto", "fast where it covers the settings, else plain"),
        ("plain", "one engine step at a time: the reference"),
        ("fast", "whole stretches of steps at once; the same results")))
    {
        Name = "engine_mode",
        Meaning = "Which of the two equal engine implementations runs.",
        Default = "auto",
        DefaultSource = "the results do not depend on it",
    };

    public static readonly Field<SimDuration?> TimeLimit = new(new OptionalType<SimDuration>(new DurationType(aboveZero: true)))
    {
        Name = "time_limit",
        Meaning = "Simulated time at which the run is cut off; requests without an outcome are then unfinished.",
        DefaultText = "none",
        DefaultSource = "run to the end",
    };

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "How the simulation itself is run.",
        Fields = [EngineMode, TimeLimit],
    };
}
