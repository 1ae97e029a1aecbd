using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>frontend</c> section: what a server spends on a request outside its engine.</summary>
public static class FrontendFields
{
    private const string Ideal = "no time: give what your server was measured to take";

    public static readonly Field<SimDuration> Request = Time("request", "HTTP and parsing: from the client's send to the engine's queue, whatever the prompt.");
    public static readonly Field<SimDuration> PerPromptToken = Time("per_prompt_token", "Tokenisation and copies per prompt token, on the same way.");
    public static readonly Field<SimDuration> Response = Time("response", "Detokenisation and HTTP: from the end of a step to the client's receipt of its token.");

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "Time that a request spends in the server outside the engine; constants, nothing queues.",
        Fields = [Request, PerPromptToken, Response],
    };

    private static Field<SimDuration> Time(string name, string meaning) =>
        new(new DurationType()) { Name = name, Meaning = meaning, Default = SimDuration.Zero, DefaultSource = Ideal };
}
