// Starts the chat on the demo page. The container stands later in the page; the widget waits for it.
SmallBizChatbot.init({
  containerId: "chatbot-container",
  theme: { primaryColor: "#155e75" },
  welcomeMessage: "Hello from Brightwater Cycles! Ask about opening hours, prices, repairs or rental.",
  placeholderText: "Ask the shop…",
  suggestedQuestions: [
    "When are you open on Sundays?",
    "What does a full service cost?",
    "Can I try a bicycle before I buy it?",
  ],
});

document.addEventListener("DOMContentLoaded", () => {
  const example = document.querySelector("[data-question]");
  const status = document.getElementById("copied");
  example.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(example.textContent);
      status.textContent = "Copied – paste it into the chat.";
    } catch {
      status.textContent = "Type it into the chat.";
    }
  });
});
