using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// A planned batch does not fit into the KV pool. SGLang plans prefills with an estimate of what running requests will still
/// need; where the estimate was too low for a batch that cannot be taken back, the real server stops with an error too.
/// </summary>
internal sealed class SgLangOutOfMemoryException(int needed, int free)
    : Exception($"the SGLang engine ran out of KV memory: a batch needs {needed} pages and {free} are free; SGLang would stop here")
{
    /// <summary>The same for the user, with what to do about it.</summary>
    public InputException ForUser() =>
        new("engine", Message, "raise schedule_conservativeness or the KV memory, or turn enable_mixed_chunk off");
}
