namespace Foretoken.Twin;

/// <summary>Which of the two equal engine implementations drives the run (<c>--engine-mode</c>).</summary>
public enum EngineMode
{
    /// <summary>The fast one where it covers the settings, else the plain one.</summary>
    Auto,

    /// <summary>One engine step at a time, real block tables: the reference.</summary>
    Plain,

    /// <summary>Macro-steps; falls back to plain stepping for settings that it does not cover, and the result says so.</summary>
    Fast,
}
